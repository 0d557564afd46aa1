import { describe, expect, test } from "vitest";
import { check } from "../../src/commands/check.ts";
import { GOOD_RULES } from "../support/broken-rules.ts";
import { TEST_KINDS } from "../support/test-kinds.ts";

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(paths: readonly string[], files: Readonly<Record<string, string>>): Run {
  let out = "";
  let err = "";
  const code = check(paths, TEST_KINDS, {
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
      return text;
    },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    colour: false,
  });
  return { code, out, err };
}

const SEVERAL = `version: 1
destinations:
  a: { slack: { webhookUrl: { env: A } } }
  long-name: { webhook: { url: https://example.com, retryFor: 90s } }
defaults: { notify: [a] }
rules:
  - { name: one, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3, membersBelow: 5 }, for: 90s }
  - { name: two-b, ring: { namespace: "*", labels: { tier: db, a: b } }, when: { missing: true }, severity: critical }
  - { name: three, ring: { namespace: [x, y], service: "*-api" }, on: [left, replaced], source: endpoints }
  - { name: four, ring: { namespace: x }, on: [changed], settle: 1m, maxWait: 5m, notify: [long-name, a] }
  - { name: five, ring: { namespace: x }, when: { noneReady: true, membersBelow: 2 } }
`;

describe("ringbell check", () => {
  test("prints what a good file does, and exits 0", () => {
    const { code, out, err } = run(["rules.yaml"], { "rules.yaml": SEVERAL });
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toBe(`rules.yaml: 5 rules, 2 destinations

RULE   RINGS                    SEVERITY  TELLS         SPEAKS WHEN
one    data/cassandra           warning   a             fewer than 3 ready and fewer than 5 members, for 1m30s
two-b  */* with tier=db, a=b    critical  a             Service missing (once seen), at once
three  {x,y}/*-api (endpoints)  warning   a             left or replaced, settled 10s, at most 1m40s
four   x/*                      warning   long-name, a  changed, settled 1m, at most 5m
five   x/*                      warning   a             fewer than 2 members and none ready, at once

DESTINATION  KIND     RETRIES
a            slack    as usual for its kind
long-name    webhook  for 1m30s
`);
  });

  test("prints problems with their frames and their number, and exits 2", () => {
    const { code, out, err } = run(["rules.yaml"], {
      "rules.yaml": GOOD_RULES.replace("readyBelow", "readyBelw"),
    });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe(`rules.yaml:8:13 error: unknown key "readyBelw", did you mean "readyBelow"?
  7 |     ring: { namespace: data, service: cassandra }
> 8 |     when: { readyBelw: 3 }
    |             ^^^^^^^^^
  9 |     notify: [data-team]

rules.yaml: 1 error
`);
  });

  test("checks every file, and exits 2 when one of them is not right", () => {
    const { code, out, err } = run(["a.yaml", "b.yaml", "c.yaml"], { "a.yaml": "", "c.yaml": GOOD_RULES });
    expect(code).toBe(2);
    expect(err).toContain("a.yaml:1:1 error: the rules file is empty");
    expect(err).toContain("Cannot read rules file b.yaml: there is no such file\n");
    expect(out).toContain("c.yaml: 1 rule, 1 destination");
  });

  test("exits 0 on warnings, and prints them", () => {
    const text = GOOD_RULES.replace("when: { readyBelow: 3 }", "on: [left]\n    settle: 0s");
    const { code, out, err } = run(["rules.yaml"], { "rules.yaml": text });
    expect(code).toBe(0);
    expect(err).toContain("rules.yaml: 1 warning\n");
    expect(out).toContain("left, at once");
  });

  test("reads standard input for -", () => {
    expect(run(["-"], { "-": GOOD_RULES }).out).toContain("<stdin>: 1 rule, 1 destination");
    expect(run(["-"], { "-": "" }).err).toContain("<stdin>:1:1 error: the rules file is empty");
  });

  test("says what to do when no file is named", () => {
    expect(run([], {})).toEqual({
      code: 2,
      out: "",
      err: "Cannot check rules: no file is named, try ringbell check rules.yaml\n",
    });
  });
});
