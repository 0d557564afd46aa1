import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeSlack, escapeSlackWithin, slackLink, slackTime } from "../../src/destinations/slack-text.ts";

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

describe("escaping", () => {
  test("covers exactly &, < and >", () => {
    expect(escapeSlack(`<!channel> & "x" *y* &amp;`)).toBe(`&lt;!channel&gt; &amp; "x" *y* &amp;amp;`);
  });

  test.each([
    ["a&b", 7, "a&amp;b"],
    ["a&b", 6, "a…"],
    ["&&", 10, "&amp;&amp;"],
    ["&&", 9, "&amp;…"],
    ["<>", 1, "…"],
    ["&", 0, ""],
  ])("%j within %i is %j", (text, max, expected) => expect(escapeSlackWithin(text, max)).toBe(expected));

  test("keeps the limit, cuts through nothing, and gives little away", () => {
    const text = fc.string({ unit: fc.constantFrom("&", "<", ">", "a", "🔥"), maxLength: 80 });
    fc.assert(
      fc.property(text, fc.nat(120), (text, max) => {
        const escaped = escapeSlackWithin(text, max);
        expect(escaped.length).toBeLessThanOrEqual(max);
        expect(escaped.replaceAll(/&(amp|lt|gt);/g, "")).not.toMatch(/[&<>]/);
        expect(escaped.isWellFormed()).toBe(true);
        const shown = unescape(escaped);
        if (escapeSlack(text).length <= max) expect(shown).toBe(text);
        else if (max > 0) {
          expect(text.startsWith(shown.slice(0, -1))).toBe(true);
          expect(escaped.length).toBeGreaterThan(max - 7);
        }
      }),
    );
  });
});

test.each([
  ["https://a.example/x?a=1&b=2", "<https://a.example/x?a=1&amp;b=2|words>"],
  ["https://a.example/a|b?c|d#e|f", "<https://a.example/a%7Cb?c%7Cd#e%7Cf|words>"],
  ["https://a.example/<x>?<y>#<z>", "<https://a.example/%3Cx%3E?%3Cy%3E#%3Cz%3E|words>"],
])("a link to %s", (url, expected) => expect(slackLink(new URL(url), "words")).toBe(expected));

test("a time is shown in the reader's zone, and what is none as it is", () => {
  expect(slackTime("2026-11-21T03:04:05.678Z")).toBe(
    "<!date^1795230245^{date_short_pretty} {time_secs}|2026-11-21T03:04:05.678Z>",
  );
  expect(slackTime("<!here>")).toBe("&lt;!here&gt;");
});
