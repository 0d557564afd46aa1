import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DOUBT,
  integerEnd,
  isPlainText,
  keyEnd,
  passText,
  passValue,
  plainEnd,
} from "../../src/cluster/json-walk.ts";

const pass = (text: string): number => passValue(Buffer.from(text), 0);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("passing a value", () => {
  test.each([
    '""',
    '"a"',
    '"é🔔\u2028\u007f"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fF"',
    "true",
    "false",
    "null",
  ])("%j ends with it", (text) => {
    expect(pass(text)).toBe(Buffer.byteLength(text));
    expect(pass(`${text},`)).toBe(Buffer.byteLength(text));
  });

  test.each(["{}", "[]", "[{}]", '{"a":[]}', '{"a":1,"b":[0,10,"}"]}', '{"":{"\\u0022":"]"}}'])(
    "%s ends with it",
    (text) => expect(pass(text)).toBe(text.length),
  );

  test.each([
    ["an unknown escape", '"\\x"'],
    ["a short escape", '"\\u12g4"'],
    ["an escape that is cut off", '"\\u12'],
    ["a control character", '"\u001f"'],
    ["a line feed", '"\n"'],
    ["a string without end", '"abc'],
    ["a word that is none", "tru"],
    ["a word that begins like one", "nulL"],
    ["a leading zero", "[01]"],
    ["a negative number", "[-1]"],
    ["a fraction", "[1.5]"],
    ["an exponent", "[1e3]"],
    ["a comma at the end", "[1,]"],
    ["a comma at the end of an object", '{"a":1,}'],
    ["a comma alone", "[,]"],
    ["a key without value", '{"a"}'],
    ["a key that is none", "{1:2}"],
    ["a list that is closed as an object", "[1}"],
    ["an object that is closed as a list", '{"a":1]'],
    ["a missing comma", '["a""b"]'],
    ["a space", "[ 1]"],
    ["nothing", ""],
    ["a list without end", "[["],
    ["lists within lists without number", "[".repeat(100_000)],
  ])("%s is left to a parser", (_what, text) => {
    expect(pass(text)).toBe(DOUBT);
  });

  test("finds the end that a parser finds, and none in what is no JSON", () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(2),
      text: fc.constantFrom(
        "",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "0",
        "1",
        "u",
        "\u0000",
        "\u001f",
        "é",
        "tr",
      ),
    });
    let [whole, broken] = [0, 0];
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.option(edit), (json, change) => {
        const at = Math.floor((change?.at ?? 0) * json.length);
        const text = change ? json.slice(0, at) + change.text + json.slice(at + change.cut) : json;
        // In a list, as a number alone may go on.
        const listed = `[${text}]`;
        const end = pass(listed);
        if (end === Buffer.byteLength(listed)) expect(isJson(listed)).toBe(true);
        if (end === DOUBT && isJson(listed)) expect(listed).toMatch(/[-.eE\s]|\[\]|\{\}/);
        if (isJson(listed)) whole++;
        else broken++;
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(whole, broken)).toBeGreaterThan(500);
  });
});

describe("comparing a text", () => {
  test.each([
    ["abc", '"abc"', 5],
    ["", '""', 2],
    ["abc", '"abd"', DOUBT],
    ["abc", '"abcd"', DOUBT],
    ["abc", '"ab"', DOUBT],
    ["abc", "abc", DOUBT],
    // Each of these has the very bytes of the text, and means another.
    ['a\\"', '"a\\""', DOUBT],
    ["a\\u0041", '"a\\u0041"', DOUBT],
    ["\u0001", '"\u0001"', DOUBT],
    [undefined, '""', DOUBT],
  ])("%j with %s", (text, json, end) => {
    expect(passText(Buffer.from(json), 0, text)).toBe(end);
  });

  test("a byte above ASCII is no character", () => {
    expect(passText(Buffer.from('"é"', "latin1"), 0, "é")).toBe(DOUBT);
    expect(passText(Buffer.from('"é"'), 0, "é")).toBe(DOUBT);
  });

  test("from one of its characters on", () => {
    expect(passText(Buffer.from('"c-0"'), 0, "data/c-0", 5)).toBe(5);
    expect(passText(Buffer.from('"c-1"'), 0, "data/c-0", 5)).toBe(DOUBT);
    expect(isPlainText(Buffer.from("xc-0"), 1, 4, "data/c-0", 5)).toBe(true);
    expect(isPlainText(Buffer.from("xc-0"), 1, 4, "data/c-0")).toBe(false);
  });
});

test("a key ends with a quote and a colon, and holds plain bytes only", () => {
  const end = (text: string): number => keyEnd(Buffer.from(text), 0);
  expect(end('"a.b/c":1')).toBe(6);
  for (const text of ['"a\\u0062":1', '"é":1', '"a"', '"a" :1', "a:1", '"a'] as const)
    expect(end(text)).toBe(DOUBT);
  expect(plainEnd(Buffer.from('"a"'), 0)).toBe(2);
});

test("an integer ends where something else goes on that may", () => {
  const end = (text: string): number => integerEnd(Buffer.from(text), 0);
  expect(["0,", "10}", "7]"].map(end)).toEqual([1, 2, 1]);
  for (const text of ["", "x", "-1,", "01,", "1", "1.5,", "1e3,", "1a"]) expect(end(text)).toBe(DOUBT);
});
