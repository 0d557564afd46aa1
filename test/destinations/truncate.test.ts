import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanLine, cleanText, truncateBytes, truncateChars } from "../../src/destinations/truncate.ts";

const anyText = fc.string({ unit: "binary", maxLength: 60 });
const wellFormed = anyText.map((text) => text.toWellFormed());

describe("truncateChars", () => {
  test.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "ab…"],
    ["abcd", 1, "…"],
    ["abcd", 0, ""],
    ["", 0, ""],
    ["a🔥b", 4, "a🔥b"],
    ["a🔥bc", 4, "a🔥…"],
    ["a🔥bc", 3, "a…"],
    ["🔥🔥", 2, "…"],
  ])("%j to %i is %j", (text, max, expected) => expect(truncateChars(text, max)).toBe(expected));

  test("never exceeds the limit, never breaks a pair, keeps what fits", () => {
    fc.assert(
      fc.property(wellFormed, fc.nat(70), (text, max) => {
        const cut = truncateChars(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
        if (text.length <= max) expect(cut).toBe(text);
        else if (max > 0) {
          expect(text.startsWith(cut.slice(0, -1))).toBe(true);
          expect(cut.length).toBeGreaterThanOrEqual(max - 1);
        }
      }),
    );
  });
});

describe("truncateBytes", () => {
  test.each([
    ["abc", 3, "abc"],
    ["abcdef", 5, "ab…"],
    ["abcdef", 3, "…"],
    ["abcdef", 2, "ab"],
    ["äöü", 6, "äöü"],
    ["äöüß", 7, "äö…"],
    ["äöüß", 6, "ä…"],
    ["🔥🔥", 7, "🔥…"],
    ["🔥🔥", 6, "…"],
    ["🔥", 1, ""],
    ["x", 0, ""],
  ])("%j to %i is %j", (text, max, expected) => expect(truncateBytes(text, max)).toBe(expected));

  test("never exceeds the limit and never breaks a character", () => {
    fc.assert(
      fc.property(wellFormed, fc.nat(200), (text, max) => {
        const cut = truncateBytes(text, max);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
        if (Buffer.byteLength(text) <= max) expect(cut).toBe(text);
        // A character is at most four bytes: no more than three and the ellipsis are given away.
        else expect(Buffer.byteLength(cut)).toBeGreaterThan(max - 4);
      }),
    );
  });
});

describe("cleaning", () => {
  test.each([
    ["a\u0000b\u001b[31m", "a b [31m"],
    ["x\ud83d", "x\ufffd"],
    ["a\r\nb\tc", "a \nb\tc"],
    ["safe\u202eevil", "safe evil"],
    ["a\u2028b", "a b"],
    ["👩‍👩‍👧", "👩‍👩‍👧"],
    ["ümläut", "ümläut"],
  ])("of %j gives %j", (text, expected) => expect(cleanText(text)).toBe(expected));

  test("of a line joins its lines", () => {
    expect(cleanLine("a\n\n\tb")).toBe("a b");
  });

  test("twice is once", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
    );
  });
});
