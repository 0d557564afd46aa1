import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { initialObjects, type RecordedList } from "../../src/simulator/initial-objects.ts";
import { playEvents } from "../../src/simulator/play.ts";
import { parseRecording, type Recording } from "../../src/simulator/recording.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";
import type { System } from "../support/system.ts";

const DIRECTORY = new URL("../fixtures/recordings/", import.meta.url);

/** Longer than any settle time in these tests: the first state is settled, and the last one too. */
const REST_MS = 300_000;

/** True when this scenario was recorded from this API. */
export function isRecorded(name: string, source: "endpointslices" | "endpoints"): boolean {
  return readdirSync(DIRECTORY).some((file) => file.startsWith(`${name}.${source}.jsonl`));
}

/** One recorded stream of `test/fixtures/recordings`. */
export function recording(name: string, source: "endpointslices" | "endpoints"): Recording {
  const read = (suffix: string): Buffer | undefined => {
    try {
      return readFileSync(new URL(`${name}.${suffix}`, DIRECTORY));
    } catch {
      return undefined;
    }
  };
  const packed = read(`${source}.jsonl.gz`);
  const body = packed ? gunzipSync(packed) : read(`${source}.jsonl`);
  if (!body) throw new Error(`there is no recording ${name}.${source}`);
  return parseRecording(body, String(read(`${source}.meta.json`)));
}

/** What was there before a recorded stream began. */
export function before(name: string, source: "endpointslices" | "endpoints"): ApiObject[] {
  const listed = `${name}.before.json`;
  const list = readdirSync(DIRECTORY).includes(listed)
    ? (JSON.parse(readFileSync(new URL(listed, DIRECTORY), "utf8")) as RecordedList)
    : undefined;
  const slices = initialObjects(recording(name, "endpointslices"), list);
  return source === "endpointslices" ? slices : endpointsOf(slices as RecordedEndpointSlice[]);
}

/** Runs Ringbell on what a real control plane sent, at the pace it came, and lets everything settle. */
export async function playRecording(
  system: System,
  name: string,
  source: "endpointslices" | "endpoints",
  rules: string,
): Promise<void> {
  const played = recording(name, source);
  system.api.store.seed(before(name, source));
  await system.run(rules);
  await system.pass(REST_MS);
  const stop = playEvents(system.clock, system.api.store, played.events.slice(played.initialEvents));
  await system.pass(played.endMs + REST_MS);
  stop();
}

interface RecordedEndpointSlice extends ApiObject {
  readonly addressType: string;
  readonly endpoints:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions: { readonly ready: boolean; readonly terminating?: boolean };
        readonly targetRef?: object;
      }[]
    | null;
}

/**
 * The Endpoints objects that say what these slices say. A stream of Endpoints does not tell its beginning (a Pod that
 * is terminating is already gone from it), the stream of slices of the same moment does.
 */
function endpointsOf(slices: readonly RecordedEndpointSlice[]): ApiObject[] {
  const services = Map.groupBy(
    slices.filter((slice) => slice.addressType === "IPv4"),
    (slice) => String(slice.metadata.labels?.["kubernetes.io/service-name"]),
  );
  return [...services].map(([name, own]) => {
    const listed = own.flatMap((slice) => slice.endpoints ?? []).filter((e) => !e.conditions.terminating);
    const part = (isReady: boolean) =>
      listed
        .filter((endpoint) => endpoint.conditions.ready === isReady)
        .map(({ addresses, targetRef }) => ({ ip: addresses[0], ...(targetRef && { targetRef }) }));
    return {
      kind: "Endpoints",
      apiVersion: "v1",
      metadata: {
        name,
        namespace: own[0]?.metadata.namespace ?? "",
        resourceVersion: own[0]?.metadata.resourceVersion ?? "1",
      },
      subsets: listed.length > 0 ? [{ addresses: part(true), notReadyAddresses: part(false) }] : [],
    };
  });
}
