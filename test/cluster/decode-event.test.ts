import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEvent, decodeStatusText } from "../../src/cluster/decode-event.ts";
import { recordedAnswer, recordings } from "../support/recordings.ts";

function decode(text: string): ReturnType<typeof decodeEvent> {
  return decodeEvent(Buffer.from(text));
}

describe("decoding a line of a watch", () => {
  test.each([["ADDED"], ["MODIFIED"], ["DELETED"]])("%s has its object and resourceVersion", (type) => {
    const object = { metadata: { resourceVersion: "7", name: "x" } };
    expect(decode(JSON.stringify({ type, object }))).toEqual({
      kind: type.toLowerCase(),
      resourceVersion: "7",
      object,
    });
  });

  test.each([
    [undefined, false],
    [{ "k8s.io/initial-events-end": "true" }, true],
    [{ "k8s.io/initial-events-end": "false" }, false],
  ])("a bookmark with annotations %j ends the initial events: %s", (annotations, initialEventsEnd) => {
    const object = { metadata: { resourceVersion: "7", annotations }, endpoints: null };
    expect(decode(JSON.stringify({ type: "BOOKMARK", object }))).toEqual({
      kind: "bookmark",
      resourceVersion: "7",
      initialEventsEnd,
    });
  });

  test.each([
    ["an owner", '{"manager":"m","fieldsV1":{"f:metadata":{"k:{\\"uid\\":\\"1\\"}":{}}}}'],
    ["none", ""],
    ["a name that looks like its end", '{"fieldsV1":{"v:\\"}]},\\"a\\":{\\"":{}}}'],
    ["a name that looks like its end and all that follows", '{"fieldsV1":{"v:}]},\\"spec\\":1}}":{}}}'],
  ])("managedFields are of no interest: %s", (_what, fields) => {
    const line = (managed: string): string =>
      `{"type":"ADDED","object":{"metadata":{"name":"x","resourceVersion":"7"${managed}},"endpoints":null}}`;
    const event = decode(line(`,"managedFields":[${fields}]`));
    expect(event).toMatchObject({ kind: "added", resourceVersion: "7", object: { endpoints: null } });
    expect(Object.keys((event as { object: object }).object)).toEqual(["metadata", "endpoints"]);
  });

  test("an error has its status, with the wait it asks for", () => {
    const status = {
      code: 429,
      reason: "TooManyRequests",
      message: "slow",
      details: { retryAfterSeconds: 3 },
    };
    expect(decode(JSON.stringify({ type: "ERROR", object: status }))).toEqual({
      kind: "error",
      status: { code: 429, reason: "TooManyRequests", message: "slow", retryAfterMs: 3000, causes: [] },
    });
  });

  test("an error without a Status is still an error", () => {
    expect(decode('{"type":"ERROR"}')).toMatchObject({ kind: "error", status: { code: 0 } });
  });

  test.each([["FUTURE"], ["toString"], ["added"]])("type %s is not known", (type) => {
    expect(decode(JSON.stringify({ type, object: {} }))).toEqual({ kind: "unknown", type });
  });

  test.each([
    [""],
    ['{"type":"ADDED","obj'],
    ["null"],
    ["[]"],
    ["7"],
    ["{}"],
    ['{"type":7}'],
    ['{"type":"ADDED"}'],
    ['{"type":"ADDED","object":{"metadata":{}}}'],
    ['{"type":"DELETED","object":{"metadata":{"resourceVersion":7}}}'],
    ['{"type":"BOOKMARK","object":null}'],
  ])("%j cannot be decoded", (text) => {
    expect(decode(text)).toEqual({
      kind: "undecodable",
      issue: expect.stringMatching(/^Cannot read watch event: /) as string,
    });
  });

  test("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => typeof decodeEvent(Buffer.from(bytes)).kind === "string"),
    );
    fc.assert(fc.property(fc.json(), (text) => typeof decode(text).kind === "string"));
  });

  test("reads the initial-events-end of a recorded stream, and no undecodable line in any", () => {
    const kinds = [...recordings("endpointslices"), ...recordings("endpoints")].map(({ name, lines }) => ({
      name,
      events: lines.map((line) => decodeEvent(line)),
    }));
    expect(
      kinds
        .flatMap(({ events }) => events)
        .filter(({ kind }) => kind === "undecodable" || kind === "unknown"),
    ).toEqual([]);
    const marked = kinds.filter(({ events }) =>
      events.some((event) => event.kind === "bookmark" && event.initialEventsEnd),
    );
    expect([...new Set(marked.map(({ name }) => name))].sort()).toEqual([
      "watch-list",
      "watch-list-empty",
      "watch-rv-0",
      "watch-rv-none",
    ]);
  });
});

describe("reading the body of a refusal", () => {
  test("finds the cause in a recorded 504", () => {
    expect(decodeStatusText(recordedAnswer("future-list.json"))).toEqual({
      code: 504,
      reason: "Timeout",
      message: "Timeout: Too large resource version: 999999999, current: 20428",
      retryAfterMs: 1000,
      causes: ["ResourceVersionTooLarge"],
    });
  });

  test("takes the start of a text that is no JSON", () => {
    expect(decodeStatusText(` <html>${"x".repeat(300)}`).message).toBe(`<html>${"x".repeat(194)}`);
  });
});
