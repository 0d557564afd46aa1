import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutTo, fitted, type Line, painted, span, widthOf, wrapped } from "../../src/demo/styled-line.ts";

const plain = (line: Line): string => painted(line, false);
const lines = fc.array(
  fc.record({ text: fc.stringMatching(/^[a-z …●]{0,12}$/u), styles: fc.constantFrom([], ["red" as const]) }),
  { maxLength: 5 },
);

describe("a line", () => {
  test("is left alone where it fits, and cut with an ellipsis where it does not", () => {
    expect(plain(cutTo([span("abcd")], 4))).toBe("abcd");
    expect(plain(cutTo([span("ab", "red"), span("cde")], 4))).toBe("abc…");
    expect(plain(cutTo([span("ab")], 1))).toBe("…");
    expect(plain(cutTo([span("ab")], 0))).toBe("");
  });

  test("is filled up to a width", () => {
    expect(plain(fitted([span("● a")], 5))).toBe("● a  ");
  });

  test("fitted is exactly as wide as asked for, whatever it is", () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 40 }), (line, width) => {
        expect(widthOf(fitted(line, width))).toBe(width);
      }),
    );
  });

  test("is coloured piece by piece, or not at all", () => {
    const line = [span("a", "red"), span("b"), span("c", "bold", "green")];
    expect(painted(line, true)).toBe("\u001b[31ma\u001b[39mb\u001b[1m\u001b[32mc\u001b[39m\u001b[22m");
    expect(painted(line, false)).toBe("abc");
  });
});

describe("wrapping", () => {
  test("breaks between words and sets in what follows", () => {
    expect(wrapped([span("● one"), span(" two three", "red")], 9, 2).map(plain)).toEqual([
      "● one two",
      "  three",
    ]);
  });

  test("keeps a word of two styles together", () => {
    expect(wrapped([span("a b"), span("c", "red")], 3).map(plain)).toEqual(["a", "bc"]);
  });

  test("cuts a word that is too long for any line with an ellipsis", () => {
    expect(wrapped([span("a bcdef")], 4).map(plain)).toEqual(["a", "bcd…"]);
  });

  test("of nothing is one empty line", () => {
    expect(wrapped([], 10)).toEqual([[]]);
  });

  test("never makes a line too wide, and loses no word that fits", () => {
    fc.assert(
      fc.property(
        lines,
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 0, max: 2 }),
        (line, width, indent) => {
          const parts = wrapped(line, width, indent);
          expect(Math.max(...parts.map(widthOf))).toBeLessThanOrEqual(width);
          const words = plain(line).match(/\S+/g) ?? [];
          if (words.every((word) => word.length <= width - indent)) {
            expect(parts.flatMap((part) => plain(part).match(/\S+/g) ?? [])).toEqual(words);
          }
        },
      ),
    );
  });
});
