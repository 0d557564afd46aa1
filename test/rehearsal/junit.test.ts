import { describe, expect, test } from "vitest";
import { junitXml } from "../../src/rehearsal/junit.ts";
import { played } from "./test-files.ts";

describe("junitXml()", () => {
  const results = played(`
  - { name: 'says "nothing" & <ends>', silent: true }
  - { name: fails, expect: [{ at: 1s, rule: left, title: "a]]>\\u0007" }] }`);
  const xml = junitXml([
    { path: "tests/a.test.yaml", results: results.map((result) => ({ result, tookMs: 1_234 })) },
  ]);

  test("counts tests and failures, in seconds", () => {
    const counts = 'tests="2" failures="1" errors="0" time="2.468"';
    expect(xml).toContain(`<testsuites name="ringbell test" ${counts}>`);
    expect(xml).toContain(`<testsuite name="tests/a.test.yaml" ${counts}>`);
  });

  test("names each test with its place, and shows why one failed", () => {
    expect(xml).toContain(
      '<testcase name="says &quot;nothing&quot; &amp; &lt;ends&gt;" classname="tests/a.test.yaml" file="tests/a.test.yaml" line="6" time="1.234"/>',
    );
    expect(xml).toContain('<failure message="fails failed">');
    expect(xml).toContain("missing, expected in line 7");
  });

  test("holds nothing that XML cannot hold", () => {
    expect(xml).not.toMatch(/[^\P{Cc}\t\n]/u);
    expect(xml.replaceAll(/<[^<>]*>/g, "")).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
  });
});
