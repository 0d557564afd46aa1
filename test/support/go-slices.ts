import fc from "fast-check";

const SERVICE = "kubernetes.io/service-name";
const TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time";

function mostly<T>(usual: readonly T[], seldom: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...seldom) },
  );
}

// Texts that only a parser reads right stand among plain ones.
const hostname = fc.constantFrom(
  undefined,
  undefined,
  "c-0",
  "c-1",
  "",
  "é",
  'q"',
  "b\\",
  "\u2028",
  "\u0001",
);
const zone = mostly([undefined, "eu-1a", "eu-1b"], [null]);
const flag = fc.constantFrom(true, true, true, false, false, false, undefined, undefined, undefined, null);

const target = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: "Pod", namespace: "data" }) },
  { weight: 1, arbitrary: fc.constantFrom({}, { kind: "Pod" }, { namespace: "web" }, { namespace: "dat" }) },
);

const endpoint = fc
  .record({
    pod: fc.nat(4),
    address: fc.constantFrom(0, 0, 0, 0, 9),
    uid: fc.constantFrom("u", "u", "u", "u2", undefined),
    name: fc.constantFrom("c", "c", "c", "", undefined),
    ready: flag,
    serving: flag,
    terminating: flag,
    hostname,
    zone,
    target,
    hints: mostly<object | undefined>([undefined, { forZones: [{ name: "eu-1a" }] }], [{ n: -1.5e3 }]),
    shape: fc.nat(30),
  })
  .map(
    ({
      pod,
      address,
      uid,
      name,
      ready,
      serving,
      terminating,
      hostname: host,
      zone: at,
      target: ref,
      ...rest
    }) => ({
      addresses:
        rest.shape === 0 ? [] : rest.shape === 1 ? [`10.0.0.${pod}`, "10.9.9.9"] : [`10.0.${address}.${pod}`],
      conditions: rest.shape === 2 ? undefined : { ready, serving, terminating },
      hostname: host,
      targetRef:
        rest.shape === 3
          ? undefined
          : { ...ref, name: name && `${name}-${pod}`, uid: uid && `${uid}-${pod}` },
      nodeName: rest.shape === 4 ? 7 : "worker-1",
      zone: at,
      hints: rest.hints,
    }),
  );

const managedFields = fc.record({
  manager: fc.constantFrom("kube-controller-manager", 'x","time":"no'),
  time: fc.constantFrom("2026-11-01T00:00:00Z", "2026-11-01T00:00:01Z"),
  fieldsV1: fc.constantFrom({ "f:endpoints": {} }, { 'k:{"uid":"1","time":"2"}': { ".": {} }, "v:}]}": {} }),
});

const slice = fc
  .record({
    name: fc.constantFrom("a", "a", "b"),
    namespace: fc.constantFrom("data", "data", "data", "web"),
    version: fc.nat(99_999),
    generation: mostly([1, 2, 30, undefined], [-1, 1.5]),
    labels: mostly<Record<string, string>>(
      [{ app: "x" }, {}],
      [{ app: "y" }, { app: "x", "helm.sh/chart": "z" }, { 7: "first", app: "x" }],
    ),
    service: mostly(["web"], ["other", undefined]),
    headless: fc.boolean(),
    time: mostly(
      ["2026-11-01T00:00:00Z", "2026-11-01T00:00:09Z", undefined],
      ["2026-02-31T00:00:00Z", "nonsense", "", 5],
    ),
    note: mostly([undefined], ['{"a":"\\"}]}"}', "🔔\u2028\u007f", "\\"]),
    managedFields: fc.option(fc.array(managedFields, { maxLength: 2 }), { nil: undefined }),
    addressType: mostly(["IPv4"], ["IPv6", "IPX"]),
    endpoints: fc.oneof(
      { weight: 30, arbitrary: fc.array(endpoint, { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.constantFrom([], null, undefined, 5, [7]) },
    ),
  })
  .map(({ name, namespace, version, generation, labels, service, headless, time, note, ...rest }) => ({
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: {
      name,
      generateName: "web-",
      namespace,
      resourceVersion: version === 0 ? undefined : String(version),
      generation,
      labels: {
        ...labels,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        [SERVICE]: service,
        ...(headless ? { "service.kubernetes.io/headless": "" } : {}),
      },
      annotations: { [TRIGGER]: time, note },
      managedFields: rest.managedFields,
    },
    addressType: rest.addressType,
    endpoints: rest.endpoints,
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
  }));

type SliceObject = typeof slice extends fc.Arbitrary<infer T> ? T : never;

/** What another program than Go's encoder might make of a line, or a network of its bytes. */
type Damage = (line: Buffer, at: number, byte: number) => Buffer;

const DAMAGES: readonly Damage[] = [
  (line) => line,
  // One byte is another …
  (line, at, byte) => Buffer.concat([line.subarray(0, at), Buffer.of(byte), line.subarray(at + 1)]),
  // … or too many …
  (line, at, byte) => Buffer.concat([line.subarray(0, at), Buffer.of(byte), line.subarray(at)]),
  // … or some are missing.
  (line, at, byte) => Buffer.concat([line.subarray(0, at), line.subarray(at + (byte & 15))]),
  // A key, or a value, or some of both, comes twice.
  (line, at, byte) => Buffer.concat([line.subarray(0, at + byte), line.subarray(at)]),
  (line) => Buffer.from(twiceEach(line.toString())),
  (line) => Buffer.from(line.toString().replaceAll('":', '": ')),
  (line) => Buffer.from(line.toString().replaceAll("/", "\\/")),
];

// The last one counts.
function twiceEach(json: string): string {
  return json
    .replace('"endpoints":', '"endpoints":[{"addresses":["10.7.7.7"]}],"endpoints":')
    .replace('"serving":', '"serving":null,"serving":');
}

const INTERESTING = Buffer.from('"\\{}[],:0-.etnf\u0000\u001f\u007f\u0080\u00ff', "latin1");

/** A line of a watch about one of a few slices, mostly as an API server writes it. */
const line = fc
  .record({
    type: fc.constantFrom("MODIFIED", "MODIFIED", "MODIFIED", "ADDED"),
    slice,
    damage: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.nat(DAMAGES.length - 1) },
    ),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.constantFrom(...INTERESTING), fc.nat(255)),
  })
  .map(({ type, slice: object, damage, at, byte }) => {
    const whole = Buffer.from(JSON.stringify({ type, object }));
    return DAMAGES[damage]?.(whole, Math.floor(at * whole.length), byte) ?? whole;
  });

/** What an API server writes when a slice changes in part of what it is: most lines are like the one before. */
const following = fc
  .tuple(
    slice,
    fc.array(fc.record({ version: fc.nat(99_999), other: slice, what: fc.nat(8), damage: line }), {
      maxLength: 6,
    }),
  )
  .map(([first, steps]) => {
    let current: SliceObject = first;
    const lines: Buffer[] = [Buffer.from(JSON.stringify({ type: "MODIFIED", object: first }))];
    for (const { version, other, what, damage } of steps) {
      current = changed(current, other, version, what);
      lines.push(what === 0 ? damage : Buffer.from(JSON.stringify({ type: "MODIFIED", object: current })));
    }
    return lines;
  });

function changed(current: SliceObject, other: SliceObject, version: number, what: number): SliceObject {
  const metadata = { ...current.metadata, resourceVersion: String(version) };
  if (what === 1) return { ...current, metadata, endpoints: other.endpoints };
  if (what === 2) return { ...current, metadata: { ...metadata, annotations: other.metadata.annotations } };
  if (what === 3) return { ...current, metadata: { ...metadata, labels: other.metadata.labels } };
  if (what === 4) return { ...current, metadata: { ...metadata, generation: other.metadata.generation } };
  if (what === 5)
    return { ...current, metadata: { ...metadata, managedFields: other.metadata.managedFields } };
  if (!Array.isArray(current.endpoints)) return { ...current, metadata };
  const endpoints = current.endpoints.map((one, index) =>
    index === version % 3 && typeof one === "object"
      ? { ...one, conditions: { ready: what === 6, serving: what !== 7, terminating: version % 5 === 0 } }
      : one,
  );
  return { ...current, metadata, endpoints } as SliceObject;
}

/**
 * Lines of a watch about a few EndpointSlices, in the form in which Go writes them: most differ from the one before as lines do in
 * life. Some hold what only a parser reads right, some are damaged.
 */
export const goLines: fc.Arbitrary<readonly Buffer[]> = fc
  .array(
    fc.oneof({ weight: 1, arbitrary: fc.array(line, { maxLength: 3 }) }, { weight: 3, arbitrary: following }),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.flat());
