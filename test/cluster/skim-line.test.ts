import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSkim, type Span } from "../../src/cluster/skim-line.ts";
import { hostileLines } from "../support/hostile-lines.ts";
import { recordings } from "../support/recordings.ts";

const SERVICE = "kubernetes.io/service-name";

function text(line: Buffer, { from, to }: Span): string {
  return line.toString("latin1", from, to);
}

/** What the skim found, or undefined when it asks for the line to be parsed. */
function skim(json: string, source: "endpointslices" | "endpoints" = "endpointslices"): object | undefined {
  const line = Buffer.from(json);
  const found = new LineSkim(source);
  if (!found.read(line)) return undefined;
  const { name, namespace, resourceVersion, service } = found;
  return {
    name: text(line, name),
    namespace: text(line, namespace),
    resourceVersion: text(line, resourceVersion),
    service: text(line, service),
  };
}

interface Parsed {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly labels?: Record<string, string> } & Record<string, unknown>;
  };
}

function parsed(json: string, source: "endpointslices" | "endpoints"): object {
  const { name, namespace, resourceVersion, labels } = (JSON.parse(json) as Parsed).object.metadata;
  return {
    name,
    namespace,
    resourceVersion,
    service: source === "endpoints" ? name : labels?.[SERVICE],
  };
}

const META = `"name":"a","namespace":"data","resourceVersion":"5","labels":{"${SERVICE}":"web"}`;
const FOUND = { name: "a", namespace: "data", resourceVersion: "5", service: "web" };
const event = (metadata: string, rest = ""): string =>
  `{"type":"MODIFIED","object":{"kind":"EndpointSlice","metadata":{${metadata}}${rest}}}`;

describe.each(["endpointslices", "endpoints"] as const)("recorded %s", (source) => {
  test("are all understood without parsing, but for bookmarks, errors and slices without the label", () => {
    let read = 0;
    for (const line of recordings(source).flatMap(({ lines }) => lines)) {
      const json = line.toString();
      const found = skim(json, source);
      if (found) read++;
      const { type, object } = JSON.parse(json) as Parsed;
      const isPlain =
        /^(ADDED|MODIFIED|DELETED)$/.test(type) &&
        (source === "endpoints" || object.metadata.labels?.[SERVICE] !== undefined);
      expect(found).toEqual(isPlain ? parsed(json, source) : undefined);
    }
    expect(read).toBeGreaterThan(100);
  });
});

describe("what is understood", () => {
  test.each([
    [
      "the fields in any order",
      `"labels":{"z":"","${SERVICE}":"web","a":"b"},"resourceVersion":"5","namespace":"data","name":"a"`,
    ],
    [
      "other values in between",
      `"generation":5,"x":null,"y":[{"name":"no"},[]],"deep":{"labels":{"${SERVICE}":"no"}},${META}`,
    ],
    [
      "escapes in other values",
      `"annotations":{"last":"{\\"name\\":\\"no\\\\\\\\\\"}","u":"\\u0022"},${META}`,
    ],
    ["braces and quotes in strings", `"annotations":{"x":"}}]],\\"","y":"{{[["},${META}`],
    ["characters of several bytes in other values", `"annotations":{"ä":"🔔\u2028"},${META}`],
  ])("%s", (_name, metadata) => {
    expect(skim(event(metadata))).toEqual(FOUND);
  });

  test("metadata after other fields of the object", () => {
    const late = `{"type":"DELETED","object":{"endpoints":[{"metadata":{"name":"no"}}],"n":1,"metadata":{${META}}}}`;
    expect(skim(late)).toEqual(FOUND);
  });
});

describe("what has to be parsed", () => {
  test.each([
    ["a bookmark", event(META).replace("MODIFIED", "BOOKMARK")],
    ["an error", event(META).replace("MODIFIED", "ERROR")],
    ["a type that nobody knows", event(META).replace("MODIFIED", "MODIFIEDX")],
    ["the object before the type", `{"object":{"metadata":{${META}}},"type":"ADDED"}`],
    ["something else before the type", `{"x":1,${event(META).slice(1)}`],
    ["a space", event(META).replace(":", ": ")],
    ["a key with an escape", event(META.replace('"name"', '"n\\u0061me"'))],
    [
      "a key with an escape that stands for one that was read",
      event(META.replace(",", ',"n\\u0061me":"b",')),
    ],
    ["a label's key with an escape", event(META.replace("kubernetes.io/", "kubernetes.io\\/"))],
    ["a name with an escape", event(META.replace('"a"', '"\\u0061"'))],
    ["a Service that is no ASCII", event(META.replace("web", "wéb"))],
    ["an empty Service", event(META.replace("web", ""))],
    ["a Service that is no text", event(META.replace('"web"', "null"))],
    ["no Service label", event(META.replace("service-name", "service-nam"))],
    ["no labels", event(META.replace("labels", "Labels"))],
    ["labels that are none", event(META.replace(/\{.*\}/, '"x"'))],
    ["empty labels", event(META.replace(/\{.*\}/, "{}"))],
    ["the label twice", event(META.replace(`"web"`, `"web","${SERVICE}":"other"`))],
    ["labels twice", event(`"labels":{"${SERVICE}":"web"},"labels":{"${SERVICE}":"other"},${META}`)],
    ["a name twice", event(`"name":"b",${META}`)],
    ["a version that is a number", event(META.replace('"5"', "5"))],
    ["no namespace", event(META.replace('"namespace"', '"nameSpace"'))],
    ["metadata that is none", event(META).replace(/"metadata":.*/, '"metadata":null}}')],
    ["no metadata", event(META).replace('"metadata"', '"Metadata"')],
    ["nothing", ""],
  ])("%s", (_name, json) => {
    expect(skim(json)).toBeUndefined();
  });

  test("a line that was cut anywhere, but where it could end", () => {
    const json = event(
      `"annotations":{"a":"\\\\\\"}}"},${META}`,
      ',"endpoints":[{"addresses":["10.0.0.1"]}]',
    );
    expect(skim(json)).toEqual(FOUND);
    for (let length = 0; length < json.length; length++) {
      const cut = json.slice(0, length);
      if (!cut.endsWith(`"web"}}`)) expect(skim(cut)).toBeUndefined();
    }
  });
});

test.each(["endpointslices", "endpoints"] as const)(
  "whatever is found in %s is what parsing finds, and most is found",
  (source) => {
    let found = 0;
    let all = 0;
    fc.assert(
      fc.property(hostileLines, (lines) => {
        for (const { json } of lines) {
          all++;
          const skimmed = skim(json, source);
          if (skimmed === undefined) continue;
          found++;
          expect(skimmed).toEqual(parsed(json, source));
        }
      }),
      { numRuns: 500 },
    );
    expect(found / all).toBeGreaterThan(0.2);
  },
);
