import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ObjectEvent } from "../../src/cluster/object-intake.ts";
import type { SliceEvent } from "../../src/cluster/slice.ts";
import { planWatches } from "../../src/cluster/watch-plan.ts";
import { Anonymizer } from "../../src/rehearsal/anonymize.ts";

/** A slice of one StatefulSet's Pod and one Deployment's. */
const EVENT: SliceEvent = {
  kind: "changed",
  slice: {
    key: "data/cassandra-x7k2p",
    namespace: "data",
    service: "cassandra",
    addressType: "IPv4",
    endpoints: [
      {
        target: "data/cassandra-2",
        uid: "6f1c2a9e-6f0b-4b62-8d23-2f4c3f4c1d11",
        hostname: "cassandra-2",
        address: "10.244.3.17",
        zone: "eu-central-1a",
        node: "ip-10-0-3-17.internal",
        ready: true,
        serving: true,
        terminating: false,
      },
      {
        target: "data/web-7d4b9c6f5-x2v8k",
        uid: "b",
        hostname: undefined,
        address: "fd00::17",
        zone: "eu-central-1b",
        node: "ip-10-0-3-18.internal",
        ready: false,
        serving: true,
        terminating: true,
      },
    ],
    triggerTimeMs: 1_000,
    serviceLabels: { "acme.example/team": "storage" },
    truncated: false,
  },
};

describe("stand-ins", () => {
  test("take the place of every name, and keep ordinals, equality and what is no name", () => {
    const { disguise } = new Anonymizer();
    expect(disguise(EVENT)).toEqual({
      kind: "changed",
      slice: {
        key: "ns-1/app-1-p-1",
        namespace: "ns-1",
        service: "app-1",
        addressType: "IPv4",
        endpoints: [
          {
            target: "ns-1/app-1-2",
            uid: "uid-1",
            hostname: "app-1-2",
            address: "198.18.0.1",
            zone: "zone-1",
            node: "node-1",
            ready: true,
            serving: true,
            terminating: false,
          },
          {
            target: "ns-1/app-2-r-1-p-2",
            uid: "uid-2",
            hostname: undefined,
            address: "2001:db8::1",
            zone: "zone-2",
            node: "node-2",
            ready: false,
            serving: true,
            terminating: true,
          },
        ],
        triggerTimeMs: 1_000,
        serviceLabels: { "label-1": "value-1" },
        truncated: false,
      },
    });
  });

  test("are the same in scopes, lists and deletions", () => {
    const { disguise } = new Anonymizer();
    const [scope] = planWatches([{ source: "endpointslices", namespace: "data", service: "cassandra" }]);
    expect(disguise(scope)).toEqual({
      id: "endpointslices:ns-1/app-1",
      source: "endpointslices",
      namespace: "ns-1",
      services: ["app-1"],
    });
    const slices = EVENT.kind === "changed" ? [EVENT.slice] : [];
    expect(disguise({ kind: "listed", slices })).toMatchObject({ slices: [{ key: "ns-1/app-1-p-1" }] });
    expect(disguise({ kind: "deleted", key: "data/cassandra-x7k2p" })).toEqual({
      kind: "deleted",
      key: "ns-1/app-1-p-1",
    });
    expect(
      disguise(planWatches([{ source: "endpoints", namespace: undefined, service: undefined }])[0]),
    ).toEqual({
      id: "endpoints:*/*",
      source: "endpoints",
    });
  });

  test("leave the API's own words of other objects, and nothing else", () => {
    const pod = {
      kind: "deleted",
      key: "data/web-7d4b9c6f5-x2v8k",
      last: {
        kind: "Pod",
        phase: "Failed",
        reason: "Evicted",
        waiting: "our own words",
        owner: { kind: "AcmeCluster", name: "web-7d4b9c6f5", uid: "u" },
        somethingNew: "hunter2",
      },
    } as unknown as ObjectEvent;
    expect(new Anonymizer().disguise(pod)).toEqual({
      kind: "deleted",
      key: "ns-1/app-1-r-1-p-1",
      last: {
        kind: "Pod",
        phase: "Failed",
        reason: "Evicted",
        waiting: "text-1",
        owner: { kind: "text-2", name: "app-2", uid: "uid-1" },
        somethingNew: "text-3",
      },
    });
  });

  test("do not tell why a watch was blind, since that names what was watched", () => {
    const event = { kind: "blind", sinceMs: 5, why: "Cannot watch endpointslices of Service cassandra" };
    expect(new Anonymizer().disguise(event)).toEqual({ kind: "blind", sinceMs: 5, why: "text-1" });
  });

  test("are as many as what they stand for, whatever its names", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
    const generated = fc
      .tuple(name, fc.constantFrom("-0", "-17", "-x7k2p", "-7d4b9c6f5-x2v8k", ""))
      .map((parts) => parts.join(""));
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    fc.assert(
      fc.property(
        fc.array(generated, { maxLength: 40 }),
        fc.array(address, { maxLength: 40 }),
        (names, addresses) => {
          const { disguise } = new Anonymizer();
          const standIns = names.map((service) => disguise({ service }).service);
          expect(new Set(standIns).size).toBe(new Set(names).size);
          expect(names.map((service) => disguise({ service }).service)).toEqual(standIns);
          const places = addresses.map((one) => disguise({ address: one }).address);
          expect(new Set(places).size).toBe(new Set(addresses).size);
        },
      ),
    );
  });

  test("hold nothing of the original", () => {
    const secret = fc.stringMatching(/^zq[a-z0-9]{6,12}$/);
    const field = fc.constantFrom(
      "namespace",
      "service",
      "name",
      "hostname",
      "node",
      "zone",
      "uid",
      "key",
      "target",
      "address",
      "kind",
      "reason",
      "whatever",
      "labels",
      "services",
    );
    fc.assert(
      fc.property(field, secret, secret, (key, one, other) => {
        const value = key === "labels" ? { [one]: other } : key === "services" ? [one] : `${one}/${other}`;
        const text = JSON.stringify(new Anonymizer().disguise({ inner: { [key]: value } }));
        expect(text).not.toContain("zq");
      }),
    );
  });

  test("for more Pods than one network has addresses are still apart", () => {
    const { disguise } = new Anonymizer();
    const count = 2 ** 17 + 10;
    const places = new Set<string>();
    for (let i = 0; i < count; i++) {
      const original = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      places.add(disguise({ address: original }).address);
    }
    expect(places.size).toBe(count);
  });
});
