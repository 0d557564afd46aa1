import { watchLine } from "../../src/simulator/wire.ts";
import { benchSlice, canarySlice } from "./slices.ts";

/** A prepared stream: writer and reader make the very same lines from it. */
export interface StreamPlan {
  readonly services: number;
  readonly endpoints: number;
  /** How often each Service changes: in turn one endpoint becomes unready, then ready again. Even, so that all ends as it began. */
  readonly passes: number;
}

/** Each with its line feed, in the order of writing. */
export function eventLines({ services, endpoints, passes }: StreamPlan): Buffer[] {
  const lines: Buffer[] = [];
  for (let pass = 0; pass < passes; pass++) {
    for (let i = 0; i < services; i++) {
      // A stride that is prime to the number of Services: neighbours on the wire are strangers.
      const index = (i * 389) % services;
      const state = { index, endpoints, version: services + lines.length + 10 };
      const unready = pass % 2 === 0 ? { unready: (pass / 2 + index) % endpoints } : {};
      lines.push(watchLine("MODIFIED", benchSlice({ ...state, ...unready })));
    }
  }
  return lines;
}

/** The end of each round, by which the reader knows that all before has been taken in. */
export function canaryLine(ready: boolean): Buffer {
  return watchLine("MODIFIED", canarySlice(ready, 90_000_000));
}

/** The answer to the list that comes before the watch. */
export function listBody({ services, endpoints }: StreamPlan): Buffer {
  const items = Array.from({ length: services }, (_, index) =>
    benchSlice({ index, endpoints, version: index + 2 }),
  );
  items.push(canarySlice(true, services + 3));
  return Buffer.from(
    JSON.stringify({
      kind: "EndpointSliceList",
      apiVersion: "discovery.k8s.io/v1",
      metadata: { resourceVersion: String(services + 4) },
      items,
    }),
  );
}
