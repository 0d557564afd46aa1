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
  b: { webhook: { url: https://example.com, retryFor: 90s } }
defaults: { notify: [a] }
rules:
  - { name: one, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3, membersBelow: 5 }, for: 2m }
  - { name: two-b, ring: { namespace: "*", labels: { tier: db, a: b } }, when: { missing: true }, severity: critical }
  - { name: three, ring: { namespace: [x, y], service: "*" }, on: [left, replaced], source: endpoints }
  - { name: four, ring: { namespace: x }, on: [changed], settle: 1m, maxWait: 5m, notify: [b, a] }
  - { name: five, ring: { namespace: x }, when: { noneReady: true, membersBelow: 2 } }
`;

describe("ringbell check", () => {
  test("prints what a good file does, and exits 0", () => {
    const { code, out, err } = run(["rules.yaml"], { "rules.yaml": SEVERAL });
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toBe(`rules.yaml: 5 rules, 2 destinations

RULE   RINGS                  SEVERITY  TELLS  SPEAKS WHEN
one    data/cassandra         warning   a      fewer than 3 ready and fewer than 5 members, for 2m
two-b  */* with tier=db, a=b  critical  a      Service missing (once seen), at once
three  {x,y}/* (endpoints)    warning   a      left or replaced, settled 10s, at most 1m40s
four   x/*                    warning   b, a   changed, settled 1m, at most 5m
five   x/*                    warning   a      fewer than 2 members and none ready, at once

DESTINATION  KIND     RETRIES    HEARS ALERTS
a            slack    as usual   one by one
b            webhook  for 1m30s  one by one

Of Ringbell's own troubles hears nobody (selfNotify is empty)
`);
  });

  test("puts the last column below the others where lines were longer than 100 columns", () => {
    const text = `version: 1
destinations:
  a: { slack: { webhookUrl: { env: A } }, mute: [nights], group: { by: [node, zone], wait: 10s } }
  b: { slack: { webhookUrl: { env: A } }, group: { by: [] } }
muteWindows: { nights: { timeZone: UTC, from: "22:00", to: "06:00" } }
selfNotify: [a, b]
defaults: { notify: [a, b] }
rules:
  - { name: one, ring: { namespace: data, service: cassandra }, when: { noneReady: true }, for: 1m }
  - name: two-with-a-name-that-takes-its-place
    ring: { namespace: data, service: [cassandra, kafka] }
    on: [left, replaced, moved]
    reasons: true
    settle: { scaledDown: 5s, nodeLost: 2m, default: 60s }
    maxWait: 10m
    during: { rollout: hold }
`;
    expect(run(["rules.yaml"], { "rules.yaml": text }).out).toBe(`rules.yaml: 2 rules, 2 destinations

RULE                                  RINGS                   SEVERITY  TELLS
    SPEAKS WHEN
one                                   data/cassandra          warning   a, b
    none ready, for 1m
two-with-a-name-that-takes-its-place  data/{cassandra,kafka}  warning   a, b
    left or replaced or moved, settled 1m, 5s for scaledDown, 2m for nodeLost, at most 10m, in a
    rollout held for at most 1h

DESTINATION  KIND   RETRIES   HEARS ALERTS
a            slack  as usual  together by zone and node after 10s, then every 5m, not in nights
b            slack  as usual  all together after 30s, then every 5m

Of Ringbell's own troubles hears a, b
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

  test("says which command is for a file of tests", () => {
    expect(run(["a.test.yaml"], { "a.test.yaml": "rules: rules.yaml\ntests: []\n" })).toEqual({
      code: 2,
      out: "",
      err: "Cannot check a.test.yaml: it is a file of tests and no rules file, try ringbell test\n",
    });
  });

  test("says what to do when no file is named", () => {
    expect(run([], {})).toEqual({
      code: 2,
      out: "",
      err: "Cannot check rules: no file is named, try ringbell check rules.yaml\n",
    });
  });
});
