import fc from "fast-check";

const SERVICE = "kubernetes.io/service-name";

/** A line of a watch, and the type that it bears. */
export interface HostileLine {
  readonly type: string;
  readonly json: string;
}

const lookAlike = JSON.stringify({
  type: "DELETED",
  object: { metadata: { name: "a", namespace: "data", labels: { [SERVICE]: "wanted" } } },
});

const services = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("wanted", "other", "third") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      'wan"ted',
      "wanted\\",
      "wantéd",
      `"${SERVICE}":"wanted"`,
      "🔔",
      "a\u2028b",
    ),
  },
);
const hostileText = fc.oneof(
  fc.constantFrom(lookAlike, `"${SERVICE}":"wanted"`, "}}", '\\"', "{", "]", "\u2028", "é"),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const labelName = fc.constantFrom("app", "a", "z", "kubernetes.io/service-nam", "x\\y", 'q"', "wanted");

const labels = fc
  .tuple(fc.option(services, { freq: 8 }), fc.dictionary(labelName, hostileText, { maxKeys: 3 }))
  .chain(([service, others]) => shuffled({ ...others, ...(service === null ? {} : { [SERVICE]: service }) }));

const metadata = fc
  .record({
    name: fc.constantFrom("a", "b", "c"),
    namespace: fc.constantFrom("data", "web"),
    labels,
    annotations: fc.dictionary(hostileText, hostileText, { maxKeys: 2 }),
    ownerReferences: fc.constant([{ name: "wanted", labels: { [SERVICE]: "wanted" } }]),
    generation: fc.nat(9),
    uid: fc.constant("0cf30a16"),
  })
  .chain((fields) => fc.tuple(fc.constant(fields), fc.nat(9_999)))
  .chain(([fields, version]) => shuffled({ ...fields, resourceVersion: String(version) }));

const object = fc
  .record({
    metadata,
    addressType: fc.constant("IPv4"),
    endpoints: fc.array(
      fc.record({
        addresses: fc.tuple(fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3")),
        hostname: hostileText,
      }),
      { maxLength: 3 },
    ),
    extra: fc.constantFrom(null, 1, { metadata: { name: "no" } }, [[{}]]),
  })
  .chain((fields) => fc.oneof(fc.constant(fields), shuffled(fields)));

/** As Go writes it, mostly; else as another program might. */
function write(type: string, value: object, style: number): string {
  const json = JSON.stringify({ type, object: value });
  if (style === 0) return JSON.stringify({ object: value, type });
  if (style === 1) return json.replaceAll("/", "\\/");
  if (style === 2) return json.replaceAll('":', '": ');
  return style < 6 ? json.replaceAll("\u2028", "\\u2028") : json;
}

/**
 * Lines about a few slices of a few Services in two namespaces: with keys in any order, strings that look like what is sought,
 * labels that are hostile or missing, and slices that go from one Service to another. None is damaged.
 */
export const hostileLines: fc.Arbitrary<readonly HostileLine[]> = fc.array(
  fc
    .tuple(fc.constantFrom("ADDED", "MODIFIED", "MODIFIED", "DELETED", "FUTURE"), object, fc.nat(9))
    .map(([type, value, style]) => ({ type, json: write(type, value, style) })),
  { minLength: 1, maxLength: 12 },
);

/** The same fields in some order. */
function shuffled<T extends object>(fields: T): fc.Arbitrary<T> {
  const entries = Object.entries(fields);
  return fc
    .shuffledSubarray(entries, { minLength: entries.length })
    .map((ordered) => Object.fromEntries(ordered) as T);
}
