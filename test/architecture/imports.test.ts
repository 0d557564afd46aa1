import { describe, expect, test } from "vitest";
import { codeLines, parseSource, type SourceFile, sourceFiles, undocumentedExports } from "./source-files.ts";

/** The way data flows. A room may import itself, `runtime`, and every room before it. */
const FLOW = ["cluster", "ring", "rules", "alerts", "outbox", "destinations", "state", "server"];

/** What each room may import besides itself. */
const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["runtime", []],
  ...FLOW.map((room, index): [string, string[]] => [room, ["runtime", ...FLOW.slice(0, index)]]),
  // Stands in for an API server: it knows what one says, and nothing of what Ringbell makes of it.
  ["simulator", ["runtime", "cluster"]],
  // Slices in, owed deliveries out, without a network: what `run` and the dry runs have in common.
  ["pipeline.ts", ["runtime", ...FLOW]],
  ["app.ts", ["runtime", ...FLOW, "pipeline.ts"]],
  // The flow on a virtual clock: `test`, `replay`.
  ["rehearsal", ["runtime", ...FLOW, "pipeline.ts", "app.ts", "simulator"]],
  // A story through the whole of `run`, told on a terminal.
  ["demo", ["runtime", ...FLOW, "pipeline.ts", "app.ts", "simulator"]],
  ["commands", ["runtime", ...FLOW, "pipeline.ts", "app.ts", "rehearsal", "simulator", "demo"]],
  ["main.ts", ["runtime", ...FLOW, "pipeline.ts", "app.ts", "rehearsal", "simulator", "demo", "commands"]],
]);

/** The only places that may read the clock, draw random numbers, set timers or use the process. */
const SHELLS = ["runtime/", "server/", "commands/", "destinations/send.ts", "app.ts", "main.ts"];
const IMPURE = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bprocess\./;

const MAX_LINES = 400;
const MAX_P95_LINES = 250;

const files = sourceFiles();

describe("the folders of src/", () => {
  test("are those that the flow names", () => {
    const unknown = [...new Set(files.map(({ room }) => room))].filter((room) => !MAY_IMPORT.has(room));
    expect(unknown, "give a new folder its place in MAY_IMPORT of this test and in CONTRIBUTING.md").toEqual(
      [],
    );
  });

  test("import in one direction only", () => {
    expect(files.flatMap(againstTheFlow), "move the shared part to the left, or to runtime/").toEqual([]);
  });

  test("import files of src/ only, and package.json for the version", () => {
    const outside = files.flatMap(({ path, imports }) =>
      imports
        .filter((target) => target.startsWith("..") && target !== "../package.json")
        .map((target) => `${path} imports ${target}`),
    );
    expect(outside, "what production code needs belongs into src/").toEqual([]);
  });

  test("import each other without a cycle that is there at run time", () => {
    expect(cycles(files), "split off the part that both need").toEqual([]);
  });
});

describe("the files of src/", () => {
  test("get time, randomness and the process as arguments, outside a few shells", () => {
    const impure = files
      .filter(({ path }) => !SHELLS.some((shell) => path.startsWith(shell)))
      .flatMap((file) =>
        codeLines(file)
          .filter(({ text }) => IMPURE.test(text))
          .map(({ number, text }) => `${file.path}:${number}: ${text.trim()}`),
      );
    expect(impure, "take nowMs, a Clock or a Random as an argument").toEqual([]);
  });

  test(`have at most ${MAX_LINES} lines each`, () => {
    const long = files.filter(({ lines }) => lines.length > MAX_LINES);
    expect(
      long.map(({ path, lines }) => `${path}: ${lines.length} lines`),
      "one job per file: split off the second one",
    ).toEqual([]);
  });

  test(`have at most ${MAX_P95_LINES} lines each, apart from the longest twentieth`, () => {
    const byLength = files.toSorted((a, b) => a.lines.length - b.lines.length);
    const p95 = byLength[Math.ceil(byLength.length * 0.95) - 1];
    expect(p95?.lines.length ?? 0, `${p95?.path} is long`).toBeLessThanOrEqual(MAX_P95_LINES);
  });

  test("say of every export what it is", () => {
    expect(files.flatMap(undocumentedExports), "write a doc comment: meaning, units, errors").toEqual([]);
  });
});

describe("this test itself", () => {
  test("sees an import against the flow, also of types, over several lines, and at run time", () => {
    const text = [
      'import type { Notice } from "../alerts/notice.ts";',
      "import {",
      "  one,",
      '} from "../state/store.ts";',
      'export { two } from "../rules/rule.ts";',
      'const three = await import("../app.ts");',
      'import type { Clock } from "../runtime/clock.ts";',
      'import { four } from "./slice.ts";',
    ].join("\n");
    expect(againstTheFlow(parseSource("cluster/x.ts", text))).toEqual([
      "cluster/x.ts imports alerts/notice.ts",
      "cluster/x.ts imports state/store.ts",
      "cluster/x.ts imports rules/rule.ts",
      "cluster/x.ts imports app.ts",
    ]);
  });

  test("sees a cycle of files and not a diamond", () => {
    const a = parseSource(
      "ring/a.ts",
      'import "x";\nimport { b } from "./b.ts";\nimport { c } from "./c.ts";',
    );
    const b = parseSource("ring/b.ts", 'import { d } from "./d.ts";');
    const c = parseSource("ring/c.ts", 'import { d } from "./d.ts";');
    expect(cycles([a, b, c, parseSource("ring/d.ts", 'import type { A } from "./a.ts";')])).toEqual([]);
    expect(cycles([a, b, c, parseSource("ring/d.ts", 'import { a } from "./a.ts";')])).toEqual([
      "ring/a.ts -> ring/b.ts -> ring/d.ts -> ring/a.ts",
    ]);
  });

  test("looks at code and not at comments", () => {
    const text =
      "/** Like `Math.random`. */\n// Date.now()\nconst a = 1; // setTimeout\n/*\n process.exit\n*/ const b = 2;";
    expect(codeLines(parseSource("ring/x.ts", text)).map((line) => line.text.trim())).toEqual([
      "",
      "",
      "const a = 1;",
      "",
      "",
      "const b = 2;",
    ]);
  });

  test("sees an export without a doc comment", () => {
    const text =
      "/** Said. */\nexport const a = 1;\nexport async function b() {}\n// not said\nexport interface C {}\n/** Said. */\nexport const D = [1];\nexport type D1 = (typeof D)[number];";
    expect(undocumentedExports(parseSource("ring/x.ts", text))).toEqual(["ring/x.ts:3: b", "ring/x.ts:5: C"]);
  });
});

function againstTheFlow({ path, room, imports }: SourceFile): string[] {
  const allowed = new Set([room, ...(MAY_IMPORT.get(room) ?? [])]);
  return imports
    .filter((target) => !target.startsWith("..") && !allowed.has(target.split("/")[0] ?? ""))
    .map((target) => `${path} imports ${target}`);
}

/** Each cycle once, as `a -> b -> a`. */
function cycles(all: readonly SourceFile[]): string[] {
  const imports = new Map(all.map((file) => [file.path, file.runtimeImports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      found.push([...trail.slice(start), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of all) visit(path, []);
  return found;
}
