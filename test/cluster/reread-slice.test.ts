import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEvent } from "../../src/cluster/decode-event.ts";
import { decodeSlice } from "../../src/cluster/decode-slice.ts";
import { KnownSlices } from "../../src/cluster/known-slices.ts";
import { SliceRereader } from "../../src/cluster/reread-slice.ts";
import type { Slice } from "../../src/cluster/slice.ts";
import { goLines } from "../support/go-slices.ts";
import { hostileLines } from "../support/hostile-lines.ts";
import { recordings } from "../support/recordings.ts";

/** What parsing makes of a line; undefined where it finds no slice. */
function parse(line: Buffer, previous: (key: string) => Slice | undefined) {
  const event = decodeEvent(line);
  if (event.kind !== "added" && event.kind !== "modified") return undefined;
  const decoded = decodeSlice(event.object, previous);
  return decoded.kind === "slice"
    ? { slice: decoded.slice, resourceVersion: event.resourceVersion }
    : undefined;
}

/** Reads lines as the watch does, next to one that parses each, and compares. Returns for each whether it was not parsed. */
function compare(lines: readonly Buffer[]): boolean[] {
  const known = new KnownSlices();
  const rereader = new SliceRereader(known);
  const expected = new Map<string, Slice>();
  return lines.map((line) => {
    const before = new Map(expected);
    const whole = parse(line, (key) => expected.get(key));
    if (whole) expected.set(whole.slice.key, whole.slice);
    const previous = whole && known.get(whole.slice.key);
    const read = rereader.read(line);
    if (read) {
      expect(read).toEqual(whole);
      expect(known.get(read.slice.key)).toBe(read.slice);
      // What is equal stays the same object, so that others can compare by identity.
      expect(read.slice === previous).toBe(whole?.slice === before.get(read.slice.key));
      expect(read.slice.endpoints.map((one) => previous?.endpoints.includes(one))).toEqual(
        whole?.slice.endpoints.map((one) => before.get(read.slice.key)?.endpoints.includes(one)),
      );
    } else if (whole) {
      const parsed = parse(line, (key) => known.get(key));
      if (parsed) known.set(parsed.slice);
    }
    return read !== undefined;
  });
}

const count = (read: readonly boolean[]): number => read.filter(Boolean).length;

const LINE =
  '{"type":"MODIFIED","object":{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1","metadata":{' +
  '"name":"web-x1","generateName":"web-","namespace":"data","resourceVersion":"100","generation":7,' +
  '"labels":{"app":"web","endpointslice.kubernetes.io/managed-by":"c","kubernetes.io/service-name":"web","service.kubernetes.io/headless":""},' +
  '"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-11-01T00:00:00Z"},' +
  '"managedFields":[{"manager":"m","time":"2026-11-01T00:00:00Z","fieldsV1":{"k:{\\"uid\\":\\"1\\"}":{}}}]},' +
  '"addressType":"IPv4","endpoints":[' +
  '{"addresses":["10.0.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},"hostname":"c-0",' +
  '"targetRef":{"kind":"Pod","namespace":"data","name":"c-0","uid":"u-0"},"nodeName":"n","zone":"z"},' +
  '{"addresses":["10.0.0.2"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","namespace":"data","name":"c-1","uid":"u-1"}}],' +
  '"ports":[{"name":"http","port":80}]}}';

/** Parsed first, then read by what is known; the third one is read by the second. */
const [first, second] = [LINE, LINE.replace('"100"', '"101"')].map((line) => Buffer.from(line)) as [
  Buffer,
  Buffer,
];

/** Whether a line is read without parsing it, by the slice alone and by the line before: right in both cases, or this throws. */
function read(text: string): { readonly bySlice: boolean; readonly byLine: boolean } {
  const line = Buffer.from(text);
  const byLine = compare([first, second, line, second]);
  expect(byLine[1]).toBe(true);
  return { bySlice: compare([first, line])[1] === true, byLine: byLine[2] === true };
}

const edit = (from: string | RegExp, to: string): string => {
  const text = LINE.replace(from, to);
  expect(text).not.toBe(LINE);
  return text;
};

const FIRST = /\{"addresses":\["10\.0\.0\.1.*?"zone":"z"\},/;

describe("what is read by what is known", () => {
  test.each([
    ["another version", edit('"100"', '"9999"')],
    ["another generation", edit('"generation":7', '"generation":1000')],
    ["another trigger time", edit('-time":"2026-11-01T00', '-time":"2026-12-01T00')],
    ["a trigger time that is none", edit('-time":"2026', '-time":"never')],
    ["another time in managedFields", edit('"time":"2026', '"time":"2027')],
    ["one that is not ready", edit('"ready":true,"serving":true', '"ready":false,"serving":false')],
    [
      "one that serves and is terminating",
      edit(
        '"ready":true,"serving":true,"terminating":false',
        '"ready":false,"serving":true,"terminating":true',
      ),
    ],
    ["the last one that is not ready", edit('{"ready":true}', '{"ready":false}')],
    ["only `ready` left", edit('"ready":true,"serving":true,"terminating":false', '"ready":false')],
    ["a list without the first", edit(FIRST, "")],
    ["a list without the last", edit(/,\{"addresses":\["10\.0\.0\.2.*?\}\}/, "")],
    ["a new one", edit('"endpoints":[', '"endpoints":[{"addresses":["10.0.0.3"]},')],
    ["another address", edit("10.0.0.1", "10.0.0.9")],
    ["another uid", edit("u-0", "u-9")],
    ["another Pod", edit('"name":"c-1"', '"name":"c-9"')],
    ["a Pod of another namespace", edit('"Pod","namespace":"data"', '"Pod","namespace":"web"')],
    ["a Pod of the same namespace, which is not said", edit('"Pod","namespace":"data"', '"Pod"')],
    ["no target", edit(/"targetRef":\{.*?\},/, "")],
    ["no Pod's name", edit('"name":"c-0",', "")],
    ["no uid", edit(',"uid":"u-0"', "")],
    ["no hostname", edit('"hostname":"c-0",', "")],
    ["no zone", edit(',"zone":"z"', "")],
    ["no node", edit('"nodeName":"n",', "")],
    ["no conditions", edit('"conditions":{"ready":true,"serving":true,"terminating":false},', "")],
    ["conditions that are null", edit('"ready":true,"serving":true', '"ready":null,"serving":null')],
    ["a zone that only now is there", edit('"uid":"u-1"}', '"uid":"u-1"},"zone":"z"')],
    ["a hostname that is no ASCII", edit('"hostname":"c-0"', '"hostname":"é"')],
    ["an escape in a text", edit('"hostname":"c-0"', '"hostname":"c\\u002d0"')],
    ["an endpoint's field twice", edit('"zone":"z"', '"zone":"y","zone":"z"')],
    ["a condition twice", edit('"serving":true', '"serving":true,"serving":false')],
    ["conditions twice", edit('"hostname"', '"conditions":{"ready":false},"hostname"')],
    ["a target's field twice", edit('"uid":"u-0"', '"uid":"u-0","uid":"u-9"')],
    ["a target's name twice", edit('"uid":"u-0"', '"name":"c-9","uid":"u-0"')],
    ["a second address", edit('"10.0.0.1"', '"10.0.0.1","10.0.0.9"')],
    ["another value that nobody looks at", edit('"port":80', '"port":8080,"x":[{"y":"}"}]')],
    ["no annotations", edit(/"annotations":\{.*?\},/, "")],
    ["no managedFields", edit(/,"managedFields":.*?\]/, "")],
    ["metadata.managedFields of another shape", edit('[{"manager"', '[{"managers":["},{"],"manager"')],
    [
      "a label of Kubernetes itself that is new",
      edit('"kubernetes.io/service', '"endpoints.kubernetes.io/x":"y","kubernetes.io/service'),
    ],
    [
      "conditions that are neither",
      edit('"serving":true,"terminating":false', '"serving":12345,"terminating":"true"'),
    ],
    ["nothing new", LINE],
  ])("%s", (_what, line) => {
    expect(read(line)).toEqual({ bySlice: true, byLine: true });
  });
});

describe("what is left to a parser", () => {
  test.each([
    ["another Service", edit('service-name":"web"', 'service-name":"other"')],
    ["no Service", edit(',"kubernetes.io/service-name":"web"', "")],
    [
      "the Service twice",
      edit('"service.kubernetes.io', '"kubernetes.io/service-name":"web","service.kubernetes.io'),
    ],
    ["another label", edit('"app":"web"', '"app":"api"')],
    ["a label more", edit('"app":"web"', '"app":"web","b":"c"')],
    ["a label less", edit('"app":"web",', "")],
    ["a label twice", edit('"app":"web"', '"app":"web","app":"web"')],
    ["labels twice", edit('"annotations"', '"labels":{},"annotations"')],
    ["annotations twice", edit('"managedFields"', '"annotations":{"a":"b"},"managedFields"')],
    [
      "the trigger time twice",
      edit('"annotations":{', '"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"x",'),
    ],
    ["a trigger time that is no text", edit('-time":"2026-11-01T00:00:00Z"', '-time":5')],
    ["another family", edit('"IPv4"', '"IPv6"')],
    ["the family twice", edit('"addressType":"IPv4"', '"addressType":"IPv4","addressType":"IPv4"')],
    ["no family", edit('"addressType":"IPv4",', "")],
    ["no endpoints", edit(/"endpoints":\[.*\],"ports"/, '"ports"')],
    ["an empty list", edit(/"endpoints":\[.*\],"ports"/, '"endpoints":[],"ports"')],
    ["endpoints that are null", edit(/"endpoints":\[.*\],"ports"/, '"endpoints":null,"ports"')],
    ["endpoints twice", edit('"ports":[', '"endpoints":[{"addresses":["10.0.0.9"]}],"ports":[')],
    ["an endpoint without address", edit('"addresses":["10.0.0.1"],', "")],
    [
      "metadata twice",
      edit('"ports":[', '"metadata":{"name":"b","namespace":"data","resourceVersion":"1"},"ports":['),
    ],
    ["metadata twice, and nothing in the second", edit('"ports":[', '"metadata":{"x":1},"ports":[')],
    ["metadata behind the endpoints", edit(/("metadata":\{.*\}),("addressType".*\]),"ports"/, "$2,$1")],
    ["another name", edit("web-x1", "web-x2")],
    ["another namespace", edit('"namespace":"data"', '"namespace":"web"')],
    ["a name twice", edit('"generateName"', '"name":"b","generateName"')],
    ["no version", edit('"resourceVersion":"100",', "")],
    ["an empty version", edit('"100"', '""')],
    ["a version that is a number", edit('"100"', "100")],
    ["the version twice", edit('"generation"', '"resourceVersion":"5","generation"')],
    ["a key with an escape", edit('"annotations"', '"annotation\\u0073"')],
    ["a space", edit('"generation":7', '"generation": 7')],
    ["a fraction", edit('"generation":7', '"generation":7.5')],
    ["a deletion", edit("MODIFIED", "DELETED")],
    ["a field behind the object", edit(/\}$/, ',"object":{}}')],
    ["a type behind the object", edit(/\}$/, ',"type":"DELETED"}')],
  ])("%s", (_what, line) => {
    expect(read(line)).toEqual({ bySlice: false, byLine: false });
  });

  test.each([
    ["a leading zero", edit('"generation":7', '"generation":07')],
    ["a word that is none", edit('"serving":true', '"serving":truE')],
    ["a number that is none", edit('"serving":true', '"serving":+')],
    ["a value that is missing", edit('"serving":true', '"serving":')],
    ["a control character", edit('"100"', '"1\u00010"')],
    ["more behind its end", `${LINE}}`],
    ["a comma behind its end", `${LINE},`],
    ["its end missing", LINE.slice(0, -1)],
    ["an end of another sort", `${LINE.slice(0, -1)}]`],
  ])("damage: %s", (_what, line) => {
    expect(decodeEvent(Buffer.from(line)).kind).toBe("undecodable");
    expect(read(line)).toEqual({ bySlice: false, byLine: false });
  });

  test("a line that was cut anywhere", () => {
    for (let length = 0; length < LINE.length; length += 7) {
      expect(read(LINE.slice(0, length))).toEqual({ bySlice: false, byLine: false });
    }
  });
});

test("a Pod that comes to be in the namespace of its slice is another one", () => {
  const elsewhere = edit('"Pod","namespace":"data"', '"Pod","namespace":"cron"');
  expect(compare([elsewhere, LINE, elsewhere, LINE].map((line) => Buffer.from(line)))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

describe("whatever the lines", () => {
  test("what is read is what parsing gives", () => {
    let [reread, all] = [0, 0];
    fc.assert(
      fc.property(goLines, (lines) => {
        reread += count(compare(lines));
        all += lines.length;
      }),
      { numRuns: 1500 },
    );
    expect(reread / all).toBeGreaterThan(0.2);
  });

  test("so it is where no Go program wrote them", () => {
    fc.assert(
      fc.property(hostileLines, (lines) => void compare(lines.map(({ json }) => Buffer.from(json)))),
      { numRuns: 500 },
    );
  });

  test("so it is in recorded watches, and most are read", () => {
    let [reread, all] = [0, 0];
    for (const { lines } of recordings("endpointslices")) {
      reread += count(compare(lines));
      all += lines.filter((line) => decodeEvent(line).kind === "modified").length;
    }
    expect(reread / all).toBeGreaterThan(0.6);
  });
});
