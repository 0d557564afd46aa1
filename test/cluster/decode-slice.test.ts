import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEvent } from "../../src/cluster/decode-event.ts";
import { decodeSlice } from "../../src/cluster/decode-slice.ts";
import type { Slice } from "../../src/cluster/slice.ts";
import { recordings } from "../support/recordings.ts";

const SLICE = {
  metadata: {
    name: "web-abc",
    namespace: "data",
    labels: { "kubernetes.io/service-name": "web", team: "a" } as Record<string, string>,
    annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-21T20:39:22Z" } as Record<
      string,
      string
    >,
  },
  addressType: "IPv4",
  endpoints: [
    {
      addresses: ["10.0.0.1", "10.0.0.9"],
      conditions: { ready: true, serving: true, terminating: false },
      hostname: "web-0",
      targetRef: { kind: "Pod", namespace: "data", name: "web-0", uid: "u0" },
      nodeName: "node-1",
      zone: "zone-a",
    },
  ] as unknown[],
};

function decode(object: unknown, previous?: Slice): Slice {
  const decoded = decodeSlice(object, (key) => (key === previous?.key ? previous : undefined));
  if (decoded.kind !== "slice") throw new Error(decoded.issue);
  return decoded.slice;
}

function decodeOne(endpoint: unknown): Slice["endpoints"][number] | undefined {
  return decode({ ...SLICE, endpoints: [endpoint] }).endpoints[0];
}

/** The slice with this many endpoints; `changed` of them are not ready. */
function numbered(numbers: readonly number[], changed: ReadonlySet<number> = new Set()): object {
  return {
    ...SLICE,
    endpoints: numbers.map((n) => ({
      addresses: [`10.0.0.${n}`],
      conditions: { ready: !changed.has(n) },
      targetRef: { kind: "Pod", namespace: "data", name: `web-${n}`, uid: `u${n}` },
    })),
  };
}

describe("decoding an EndpointSlice", () => {
  test("keeps what Ringbell needs", () => {
    expect(decode(SLICE)).toEqual({
      key: "data/web-abc",
      namespace: "data",
      service: "web",
      addressType: "IPv4",
      endpoints: [
        {
          target: "data/web-0",
          uid: "u0",
          hostname: "web-0",
          address: "10.0.0.1",
          zone: "zone-a",
          node: "node-1",
          ready: true,
          serving: true,
          terminating: false,
        },
      ],
      triggerTimeMs: Date.UTC(2026, 10, 21, 20, 39, 22),
      serviceLabels: { team: "a" },
      truncated: false,
    });
  });

  test.each([
    [undefined, true, true, false],
    [null, true, true, false],
    [{}, true, true, false],
    [{ ready: true }, true, true, false],
    [{ ready: false }, false, false, false],
    [{ ready: false, serving: true }, true, true, false],
    [{ ready: true, serving: false }, false, false, false],
    [{ ready: null, serving: null, terminating: null }, true, true, false],
    [{ ready: false, serving: true, terminating: true }, false, true, true],
    [{ ready: false, serving: false, terminating: true }, false, false, true],
    // publishNotReadyAddresses: ready is always true.
    [{ ready: true, serving: true, terminating: true }, false, true, true],
    [{ terminating: true }, false, true, true],
  ])(
    "reads conditions %j as ready %s, serving %s, terminating %s",
    (conditions, ready, serving, terminating) => {
      expect(decodeOne({ addresses: ["10.0.0.1"], conditions })).toMatchObject({
        ready,
        serving,
        terminating,
      });
    },
  );

  test.each([[null], [undefined], [[]]])("takes endpoints: %j for an empty slice", (endpoints) => {
    expect(decode({ ...SLICE, endpoints }).endpoints).toEqual([]);
  });

  test.each([
    [{ kind: "Pod", namespace: "other", name: "p", uid: "u" }, "other/p", "u"],
    [{ name: "p", uid: "u" }, "data/p", "u"],
    [{ namespace: "", name: "p" }, "data/p", undefined],
    [{ uid: "u" }, undefined, "u"],
    [{}, undefined, undefined],
    [null, undefined, undefined],
    [undefined, undefined, undefined],
  ])("reads the targetRef %j as %s", (targetRef, target, uid) => {
    expect(decodeOne({ addresses: ["10.0.0.1"], targetRef })).toMatchObject({ target, uid });
  });

  test("reads FQDN slices", () => {
    const slice = decode({ ...SLICE, addressType: "FQDN", endpoints: [{ addresses: ["db.example.com"] }] });
    expect([slice.addressType, slice.endpoints[0]?.address]).toEqual(["FQDN", "db.example.com"]);
  });

  test("belongs to no Service without the label", () => {
    expect(decode({ ...SLICE, metadata: { name: "x", namespace: "data" } })).toMatchObject({
      service: undefined,
      serviceLabels: {},
      triggerTimeMs: undefined,
    });
  });

  test("keeps the Service's labels and drops those that controllers put there", () => {
    const labels = {
      "kubernetes.io/service-name": "web",
      "service.kubernetes.io/headless": "",
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      "endpointslice.kubernetes.io/skip-mirror": "true",
      "app.kubernetes.io/name": "web",
      "kubernetes.io/cluster-service": "true",
      "service.kubernetes.io/service-proxy-name": "cilium",
      tier: "storage",
    };
    expect(decode({ ...SLICE, metadata: { ...SLICE.metadata, labels } }).serviceLabels).toEqual({
      "app.kubernetes.io/name": "web",
      "kubernetes.io/cluster-service": "true",
      "service.kubernetes.io/service-proxy-name": "cilium",
      tier: "storage",
    });
  });

  test("has no trigger time when the annotation is no time", () => {
    const annotations = { "endpoints.kubernetes.io/last-change-trigger-time": "yesterday" };
    expect(decode({ ...SLICE, metadata: { ...SLICE.metadata, annotations } }).triggerTimeMs).toBeUndefined();
  });

  test.each([
    [undefined, "malformed", "metadata.name"],
    [[], "malformed", "metadata.name"],
    [{ ...SLICE, metadata: { name: "x" } }, "malformed", "metadata.namespace"],
    [{ ...SLICE, endpoints: {} }, "malformed", "data/web-abc: endpoints is not a list"],
    [{ ...SLICE, endpoints: [{ addresses: [] }] }, "malformed", "data/web-abc: an endpoint"],
    [{ ...SLICE, endpoints: [null] }, "malformed", "data/web-abc: an endpoint"],
    [{ ...SLICE, addressType: "UNIX" }, "unsupported", 'data/web-abc: addressType is "UNIX"'],
  ])("says what is wrong with %j", (object, kind, words) => {
    expect(decodeSlice(object)).toEqual({ kind, issue: expect.stringContaining(words) as string });
  });
});

describe("decoding next to the previous state", () => {
  test("gives the very same slice when nothing about it changed", () => {
    const previous = decode(SLICE);
    expect(decode(structuredClone(SLICE), previous)).toBe(previous);
  });

  test.each([
    ["hostname", { hostname: "other" }],
    ["zone", { zone: "other" }],
    ["node", { nodeName: "other" }],
    ["uid", { targetRef: { namespace: "data", name: "web-0", uid: "other" } }],
    ["target", { targetRef: { namespace: "data", name: "web-1", uid: "u0" } }],
    ["target", { targetRef: { namespace: "dat", name: "aweb-0", uid: "u0" } }],
    ["target", { targetRef: { uid: "u0" } }],
    ["ready", { conditions: { ready: true, serving: true, terminating: true } }],
    ["serving", { conditions: { serving: false } }],
    ["address", { addresses: ["10.0.0.2"] }],
  ] as const)("makes a new endpoint when its %s changed", (field, change) => {
    const previous = decode(SLICE);
    const changed = { ...SLICE, endpoints: [{ ...(SLICE.endpoints[0] as object), ...change }] };
    expect(decode(changed, previous).endpoints[0]?.[field]).not.toBe(previous.endpoints[0]?.[field]);
    expect(decode(changed, previous)).toEqual(decode(changed));
  });

  test("keeps the list and makes a new slice when only a label changed", () => {
    const previous = decode(SLICE);
    const labels = { ...SLICE.metadata.labels, team: "b" };
    const next = decode({ ...SLICE, metadata: { ...SLICE.metadata, labels } }, previous);
    expect(next.serviceLabels).toEqual({ team: "b" });
    expect(next.endpoints).toBe(previous.endpoints);
  });

  test.each([[{}], [{ team: "a", more: "x" }], [{ other: "a" }]])("sees labels become %j", (own) => {
    const labels = { "kubernetes.io/service-name": "web", ...own };
    expect(
      decode({ ...SLICE, metadata: { ...SLICE.metadata, labels } }, decode(SLICE)).serviceLabels,
    ).toEqual(own);
  });

  test.each([
    ["one changes", [1, 2, 3, 4], new Set([3]), 3],
    ["the first goes", [2, 3, 4], new Set<number>(), 3],
    ["one in the middle goes", [1, 2, 4], new Set<number>(), 3],
    ["several in a row go", [1, 4], new Set<number>(), 2],
    ["one is added at the end", [1, 2, 3, 4, 5], new Set<number>(), 4],
    ["they are shuffled", [4, 2, 1, 3], new Set<number>(), 4],
  ])("uses all unchanged endpoints again when %s", (_what, numbers, changed, count) => {
    const previous = decode(numbered([1, 2, 3, 4]));
    const next = decode(numbered(numbers, changed), previous);
    expect(next.endpoints.filter((endpoint) => previous.endpoints.includes(endpoint))).toHaveLength(count);
    expect(next).toEqual(decode(numbered(numbers, changed)));
  });

  test("never lets the previous state show through", () => {
    const state = fc.record({ numbers: fc.uniqueArray(fc.nat(8)), changed: fc.uniqueArray(fc.nat(8)) });
    fc.assert(
      fc.property(state, state, (before, after) => {
        const previous = decode(numbered(before.numbers, new Set(before.changed)));
        const object = numbered(after.numbers, new Set(after.changed));
        expect(decode(object, previous)).toEqual(decode(object));
      }),
    );
  });
});

interface RawEndpoint {
  readonly addresses: string[];
  readonly conditions: { ready?: boolean; serving?: boolean; terminating?: boolean };
  readonly targetRef?: { name: string };
}

describe.each(recordings("endpointslices"))("the recording $name", ({ name, lines, events }) => {
  test("decodes line by line to what the recorder saw", () => {
    expect(lines).toHaveLength(events.length);
    const known = new Map<string, Slice>();
    for (const [index, line] of lines.entries()) {
      const event = decodeEvent(line);
      const seen = events[index];
      expect(event.kind.toUpperCase()).toBe(seen?.type);
      if (!("object" in event)) continue;
      expect(event.resourceVersion).toBe(seen?.rv);
      const decoded = decodeSlice(event.object, (key) => known.get(key));
      if (decoded.kind !== "slice") throw new Error(decoded.issue);
      const { slice } = decoded;
      known.set(slice.key, slice);
      expect(slice).toEqual(decode(event.object));
      expect(slice.key).toBe(seen?.name);
      expect(slice.endpoints).toHaveLength(seen?.endpoints ?? 0);
      expect(slice.endpoints.filter((endpoint) => endpoint.terminating)).toHaveLength(seen?.terminating ?? 0);
      // The recorder counted the API's own `ready`, which publishNotReadyAddresses makes true always.
      const raw = (event.object as { endpoints: RawEndpoint[] | null }).endpoints ?? [];
      const ready = raw.filter(
        ({ conditions }) => (conditions.serving ?? conditions.ready) && !conditions.terminating,
      );
      expect(slice.endpoints.filter((endpoint) => endpoint.ready)).toHaveLength(ready.length);
      if (name !== "publish-not-ready") expect(ready).toHaveLength(seen?.ready ?? 0);
      expect(slice.endpoints.map((endpoint) => endpoint.target)).toEqual(
        raw.map(({ targetRef }) => targetRef && `lab/${targetRef.name}`),
      );
    }
  });
});
