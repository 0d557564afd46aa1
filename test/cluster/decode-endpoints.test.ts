import { describe, expect, test } from "vitest";
import { decodeEndpoints } from "../../src/cluster/decode-endpoints.ts";
import { decodeEvent } from "../../src/cluster/decode-event.ts";
import type { Slice } from "../../src/cluster/slice.ts";
import { recordings } from "../support/recordings.ts";

function decode(object: unknown, previous?: Slice): Slice {
  const decoded = decodeEndpoints(object, () => previous);
  if (decoded.kind !== "slice") throw new Error(decoded.issue);
  return decoded.slice;
}

function endpoints(subsets: unknown, annotations: Record<string, string> = {}): object {
  return { metadata: { name: "web", namespace: "data", annotations }, subsets };
}

function pod(ip: string, name: string): object {
  return {
    ip,
    nodeName: "node-1",
    hostname: name,
    targetRef: { kind: "Pod", namespace: "data", name, uid: `u-${name}` },
  };
}

/** Address and readiness of each endpoint, like `10.0.0.1+` and `10.0.0.2-`. */
function summary(slice: Slice): string[] {
  return slice.endpoints.map(({ address, ready }) => `${address}${ready ? "+" : "-"}`);
}

describe("decoding an Endpoints object", () => {
  test("becomes one slice named like its Service", () => {
    const labels = { "endpoints.kubernetes.io/managed-by": "endpoint-controller", team: "a" };
    const object = {
      metadata: { name: "web", namespace: "data", labels },
      subsets: [{ addresses: [pod("10.0.0.1", "web-0")], ports: [] }],
    };
    expect(decode(object)).toEqual({
      key: "data/web",
      namespace: "data",
      service: "web",
      addressType: "IPv4",
      endpoints: [
        {
          target: "data/web-0",
          uid: "u-web-0",
          hostname: "web-0",
          address: "10.0.0.1",
          zone: undefined,
          node: "node-1",
          ready: true,
          serving: true,
          terminating: false,
        },
      ],
      triggerTimeMs: undefined,
      serviceLabels: { team: "a" },
      truncated: false,
    });
  });

  test("takes addresses as serving and notReadyAddresses as not", () => {
    const object = endpoints([{ addresses: [{ ip: "10.0.0.1" }], notReadyAddresses: [{ ip: "10.0.0.2" }] }]);
    expect(summary(decode(object))).toEqual(["10.0.0.1+", "10.0.0.2-"]);
  });

  test("counts an address of several subsets once, as serving if it serves anywhere", () => {
    const object = endpoints([
      { notReadyAddresses: [pod("10.0.0.1", "web-0"), pod("10.0.0.2", "web-1")] },
      {
        addresses: [pod("10.0.0.1", "web-0")],
        notReadyAddresses: [pod("10.0.0.1", "web-0"), pod("10.0.0.2", "web-1")],
      },
    ]);
    expect(summary(decode(object))).toEqual(["10.0.0.1+", "10.0.0.2-"]);
  });

  test("keeps two Pods apart that share the address of their node", () => {
    const object = endpoints([{ addresses: [pod("10.0.0.1", "web-0"), pod("10.0.0.1", "web-1")] }]);
    expect(decode(object).endpoints.map(({ target }) => target)).toEqual(["data/web-0", "data/web-1"]);
  });

  test.each([[undefined], [null], [[]], [[{ ports: [] }]], [[{ addresses: null }]]])(
    "is empty with subsets %j",
    (subsets) => {
      expect(decode(endpoints(subsets))).toMatchObject({ endpoints: [], addressType: "IPv4" });
    },
  );

  test("has the family of its addresses", () => {
    expect(decode(endpoints([{ addresses: [{ ip: "fd00::1" }] }])).addressType).toBe("IPv6");
  });

  test.each([
    ["truncated", true],
    ["warning", false],
  ])("is truncated when over-capacity says %s: %s", (value, truncated) => {
    const annotations = { "endpoints.kubernetes.io/over-capacity": value };
    expect(decode(endpoints([], annotations)).truncated).toBe(truncated);
  });

  test("uses the previous state again where nothing changed", () => {
    const subset = { addresses: [pod("10.0.0.1", "web-0"), pod("10.0.0.2", "web-1")] };
    const previous = decode(endpoints([subset]));
    expect(decode(structuredClone(endpoints([subset])), previous)).toBe(previous);
    const changed = endpoints([
      { addresses: [pod("10.0.0.1", "web-0")], notReadyAddresses: [pod("10.0.0.2", "web-1")] },
    ]);
    const next = decode(changed, previous);
    expect(next.endpoints[0]).toBe(previous.endpoints[0]);
    expect(summary(next)).toEqual(["10.0.0.1+", "10.0.0.2-"]);
  });

  test.each([
    [null, "metadata.name"],
    [endpoints("none"), "data/web: subsets"],
    [endpoints([null]), "data/web: subsets"],
    [endpoints([{ addresses: [{}] }]), "data/web: subsets"],
    [endpoints([{ notReadyAddresses: {} }]), "data/web: subsets"],
  ])("says what is wrong with %j", (object, words) => {
    expect(decodeEndpoints(object)).toEqual({
      kind: "malformed",
      issue: expect.stringContaining(words) as string,
    });
  });
});

interface RawSubset {
  readonly addresses?: { ip: string }[];
  readonly notReadyAddresses?: { ip: string }[];
}

describe.each(recordings("endpoints"))("the recording $name", ({ lines, events }) => {
  test("decodes line by line to what was sent", () => {
    expect(lines).toHaveLength(events.length);
    let previous: Slice | undefined;
    for (const [index, line] of lines.entries()) {
      const event = decodeEvent(line);
      expect(event.kind.toUpperCase()).toBe(events[index]?.type);
      if (!("object" in event)) continue;
      previous = decode(event.object, previous?.key === events[index]?.name ? previous : undefined);
      expect(previous).toEqual(decode(event.object));
      expect(previous.key).toBe(events[index]?.name);
      const subsets = (event.object as { subsets?: RawSubset[] }).subsets ?? [];
      const serving = new Set(subsets.flatMap(({ addresses }) => addresses ?? []).map(({ ip }) => ip));
      const all = new Set([
        ...serving,
        ...subsets.flatMap((subset) => subset.notReadyAddresses ?? []).map(({ ip }) => ip),
      ]);
      expect(new Set(previous.endpoints.map(({ address }) => address))).toEqual(all);
      expect(previous.endpoints).toHaveLength(all.size);
      expect(new Set(previous.endpoints.filter(({ ready }) => ready).map(({ address }) => address))).toEqual(
        serving,
      );
    }
  });
});
