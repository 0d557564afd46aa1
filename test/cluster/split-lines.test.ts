import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter, LineTooLongError } from "../../src/cluster/split-lines.ts";

/** Feeds the bytes cut at these places, and collects the lines as they come. */
function split(bytes: Buffer, cuts: readonly number[], limit?: number): { lines: string[]; pending: number } {
  const splitter = new LineSplitter(limit);
  const lines: string[] = [];
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index++) {
    splitter.push(
      bytes.subarray(places[index - 1], places[index]),
      (line) => lines.push(line.toString("utf8")) > 0,
    );
  }
  return { lines, pending: splitter.pendingBytes };
}

describe("cutting a stream into lines", () => {
  const texts = fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")));

  test("gives the same lines however the network cuts the bytes", () => {
    fc.assert(
      fc.property(texts, fc.string({ unit: "binary" }), fc.array(fc.nat()), (lines, rest, cuts) => {
        const tail = rest.replaceAll("\n", "");
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join("") + tail);
        expect(split(bytes, cuts)).toEqual({
          lines: lines.map((line) => Buffer.from(line).toString("utf8")),
          pending: Buffer.byteLength(tail),
        });
      }),
    );
  });

  test("cuts every byte alone without breaking a character of four bytes", () => {
    const bytes = Buffer.from('{"a":"🔔ü"}\n');
    const each = Array.from(bytes.keys());
    expect(split(bytes, each).lines).toEqual(['{"a":"🔔ü"}']);
  });

  test.each([65_535, 65_536, 65_537, 200_000])(
    "puts %i bytes together, one line after the other",
    (length) => {
      const texts = ["a", "b", "c"].map((letter) => letter.repeat(length));
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
      const cuts = [10, length - 1, length + 20_000, 2 * length + 3];
      expect(split(bytes, cuts).lines).toEqual(texts);
    },
  );

  test("takes U+2028, U+2029 and a carriage return for what they are: text", () => {
    expect(split(Buffer.from("a\u2028b\u2029c\rd\n"), []).lines).toEqual(["a\u2028b\u2029c\rd"]);
  });

  test("stops in the middle of a chunk when nobody wants more", () => {
    const lines: string[] = [];
    const wanted = new LineSplitter().push(Buffer.from("a\nb\nc\n"), (line) => lines.push(String(line)) < 2);
    expect([wanted, lines]).toEqual([false, ["a", "b"]]);
  });

  test.each([[[]], [[2]], [[1, 2, 3]]])("lets a line of just the limit pass, cut at %j", (cuts) => {
    expect(split(Buffer.from("abcd\n"), cuts, 4).lines).toEqual(["abcd"]);
  });

  test.each([[[]], [[2]], [[1, 2, 3, 4]]])("refuses a line one byte over the limit, cut at %j", (cuts) => {
    expect(() => split(Buffer.from("abcde\n"), cuts, 4)).toThrow(LineTooLongError);
  });

  test("refuses a line over the limit before it has ended", () => {
    const splitter = new LineSplitter(4);
    expect(splitter.push(Buffer.from("abcd"), () => true)).toBe(true);
    expect(() => splitter.push(Buffer.from("e"), () => true)).toThrow("a line has more than 4 bytes");
  });
});
