import { describe, expect, test } from "vitest";
import { countProblems, formatProblems } from "../../src/rules/format-problems.ts";
import type { Problem } from "../../src/rules/problem.ts";

const PROBLEM: Problem = {
  severity: "error",
  path: "rules.yaml",
  line: 4,
  column: 5,
  message: 'unknown key "readyBelw", did you mean "readyBelow"?',
  hint: "a hint",
  frame: "  3 | a\n> 4 |     readyBelw: 3\n    |     ^^^^^^^^^",
};

describe("formatProblems", () => {
  test("writes place, severity, message, frame and hint", () => {
    expect(formatProblems([PROBLEM], false)).toBe(
      `rules.yaml:4:5 error: unknown key "readyBelw", did you mean "readyBelow"?
  3 | a
> 4 |     readyBelw: 3
    |     ^^^^^^^^^
  hint: a hint
`,
    );
  });

  test("leaves out what is not there, and parts problems by a blank line", () => {
    const bare: Problem = { severity: "warning", path: "a", line: 1, column: 1, message: "odd" };
    expect(formatProblems([bare, bare], false)).toBe("a:1:1 warning: odd\n\na:1:1 warning: odd\n");
    expect(formatProblems([], false)).toBe("");
  });

  test("colours only when asked, and changes nothing else", () => {
    const coloured = formatProblems([PROBLEM], true);
    expect(coloured).toContain("\u001B[31m");
    // eslint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001B\[\d+m/g, "")).toBe(formatProblems([PROBLEM], false));
  });
});

describe("countProblems", () => {
  test("counts errors and warnings, and leaves out none", () => {
    const warning: Problem = { ...PROBLEM, severity: "warning" };
    expect(countProblems([PROBLEM])).toBe("1 error");
    expect(countProblems([PROBLEM, PROBLEM, warning])).toBe("2 errors, 1 warning");
    expect(countProblems([warning, warning])).toBe("2 warnings");
  });
});
