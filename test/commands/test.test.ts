import { describe, expect, test } from "vitest";
import { test as testCommand, type TestIo, type TestOptions } from "../../src/commands/test.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { RULES } from "../rehearsal/test-files.ts";

const GOOD =
  "rules: rules.yaml\nrings: { data/cassandra: { members: 3 } }\ntests:\n  - { name: silent, silent: true }\n";
const FAILING = `${GOOD}  - { name: fails, expect: [{ at: 1s, rule: left }] }\n`;
const BAD = GOOD.replace("silent: true", "silence: true");

const FILES: Readonly<Record<string, string>> = {
  "rules.yaml": RULES,
  "good.test.yaml": GOOD,
  "failing.test.yaml": FAILING,
  "bad.test.yaml": BAD,
};

/** What the command did with these files. */
function run(paths: string[], options: TestOptions = {}, differs: Partial<TestIo> = {}) {
  const said = { out: "", err: "", written: new Map<string, string>() };
  const code = testCommand(paths, options, {
    readBytes(path) {
      const text = FILES[path];
      if (text === undefined) throw Object.assign(new Error("ENOENT: long words"), { code: "ENOENT" });
      return Buffer.from(text);
    },
    listFiles: () => undefined,
    writeFile: (path, text) => said.written.set(path, text),
    kinds: destinationKinds,
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    colour: { out: false, error: false },
    stopwatch: () => 0,
    ...differs,
  });
  return { code, ...said };
}

describe("ringbell test", () => {
  test("prints each test and a summary, and ends with 0 when all passed", () => {
    expect(run(["good.test.yaml"])).toMatchObject({
      code: 0,
      out: "good.test.yaml\n  ✓ silent (0 ms)\n\n1 test in 1 file: all passed (0 ms)\n",
      err: "",
    });
  });

  test("ends with 1 when a test failed", () => {
    const { code, out } = run(["failing.test.yaml", "good.test.yaml"]);
    expect(code).toBe(1);
    expect(out).toContain("  ✗ fails (0 ms)\n    failing.test.yaml:5:");
    expect(out).toContain("3 tests in 2 files: 1 failed, 2 passed");
  });

  test("says which command is for a rules file", () => {
    expect(run(["rules.yaml"])).toMatchObject({
      code: 2,
      err: "Cannot play rules.yaml: it is a rules file and holds no tests, try ringbell check\n",
    });
  });

  test("ends with 2 when the JUnit file cannot be written, and says how the tests ended first", () => {
    const { code, out, err } = run(
      ["good.test.yaml"],
      { junit: "nowhere/out.xml" },
      {
        writeFile() {
          throw Object.assign(new Error("ENOENT: long words"), { code: "ENOENT" });
        },
      },
    );
    expect(code).toBe(2);
    expect(out).toContain("1 test in 1 file: all passed");
    expect(err).toBe("Cannot write JUnit file nowhere/out.xml: there is no such directory\n");
  });

  test("ends with 2 when a file is not right, and plays the others", () => {
    const { code, out, err } = run(["bad.test.yaml", "good.test.yaml"]);
    expect(code).toBe(2);
    expect(err).toContain('bad.test.yaml:4:21 error: unknown key "silence", did you mean "silent"?');
    expect(out).toContain("1 test in 1 file: all passed; not played: 1 file with errors (0 ms)");
  });

  test("ends with 2 when there is no such file", () => {
    expect(run(["none.test.yaml"])).toMatchObject({
      code: 2,
      err: "Cannot read test file none.test.yaml: there is no such file\n",
    });
  });

  test("plays all files below a directory that end in .test.yaml or .test.yml, in order", () => {
    const files = ["good.test.yaml", "rules.yaml", "failing.test.yaml"];
    const { out } = run(["."], {}, { listFiles: () => files });
    expect(out.split("\n").filter((line) => line.endsWith(".yaml"))).toEqual([
      "failing.test.yaml",
      "good.test.yaml",
    ]);
    expect(run(["src"], {}, { listFiles: () => ["rules.yaml"] })).toMatchObject({
      code: 2,
      err: "Cannot find tests in src: no file below it ends in .test.yaml\n",
    });
  });

  test("plays only what the filter names, by test or by file, in any case", () => {
    const paths = ["failing.test.yaml", "good.test.yaml"];
    expect(run(paths, { filter: "FAILS" }).out).toContain("1 test in 1 file: 1 failed");
    expect(run(paths, { filter: "good" }).out).toContain("1 test in 1 file: all passed");
    expect(run(paths, { filter: "xyz" })).toMatchObject({
      code: 2,
      out: "",
      err: 'No test has "xyz" in its name or in its file\'s\n',
    });
  });

  test("writes JUnit XML where it is told to, in which a file that is not right is an error", () => {
    const { written } = run(["bad.test.yaml", "failing.test.yaml"], { junit: "out.xml" });
    const xml = written.get("out.xml");
    expect(xml).toContain('<testsuites name="ringbell test" tests="3" failures="1" errors="1"');
    expect(xml).toContain('<testsuite name="failing.test.yaml" tests="2" failures="1" errors="0"');
    expect(xml).toContain('<testsuite name="bad.test.yaml" tests="1" failures="0" errors="1"');
    expect(xml).toMatch(/<error [^>]+>bad\.test\.yaml:4:21 error: unknown key &quot;silence&quot;/);
  });
});
