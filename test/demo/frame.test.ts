import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unseenBaseline } from "../../src/alerts/baseline.ts";
import { judgementLines, nextSteps } from "../../src/demo/ending.ts";
import { frameLines, logLines, type View } from "../../src/demo/frame.ts";
import type { Happening, Tone } from "../../src/demo/happening.ts";
import { ringPicture } from "../../src/demo/ring-picture.ts";
import { painted, widthOf } from "../../src/demo/styled-line.ts";
import type { Ring } from "../../src/ring/ring.ts";
import { member } from "../support/notices.ts";
import { rulesFile } from "../support/rules-file.ts";

const [quorum, left] = rulesFile(`
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, for: 15s }
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 30s }
`).rules;
if (!quorum || !left) throw new Error("the rules of this test are not two");

const members = [0, 1, 2, 3, 4].map((n) => member(`cassandra-${n}`, { zone: `zone-${"abcab"[n]}` }));
const [zero, one, two, three] = members;
if (!zero || !one || !two || !three) throw new Error("the ring of this test has no five members");
const down = { ready: false, serving: false };
const ring: Ring = {
  key: "data/cassandra",
  source: "endpointslices",
  namespace: "data",
  service: "cassandra",
  present: true,
  labels: {},
  // cassandra-4 is away.
  members: [zero, { ...one, ...down }, { ...two, ...down, terminating: true }, three],
  truncated: false,
};
const baseline = {
  ...unseenBaseline("left", "data/cassandra"),
  presence: "present" as const,
  members: new Map(members.map((each) => [each.key, each])),
  deviations: new Map([["data/cassandra-4", { signature: "absent", sinceMs: 139_000, whileAway: false }]]),
};

const happening = (seconds: number, side: Happening["side"], tone: Tone, text: string): Happening => ({
  atMs: seconds * 1_000,
  side,
  tone,
  text,
});
const log = [
  happening(130, "cluster", "cause", "node-2 loses its network"),
  happening(130, "cluster", "unready", "cassandra-1 is not ready"),
  happening(130, "ringbell", "pending", "quorum pending for 15 s: 2 of 4 ready"),
  happening(130, "ringbell", "quiet", "something else of the same moment"),
  happening(145, "ringbell", "fire", "quorum FIRES"),
  happening(182, "cluster", "gone", "cassandra-4 is gone"),
  happening(190, "ringbell", "quiet", "left: a later thought"),
];
const view: View = {
  nowMs: 147_000,
  startMs: 0,
  chapter: 2,
  speed: 5,
  ring,
  rules: [
    {
      rule: quorum,
      alert: { rule: "quorum", ring: ring.key, episode: 0, phase: { kind: "pending", sinceMs: 144_000 } },
      baseline: undefined,
    },
    { rule: left, alert: undefined, baseline },
  ],
  log,
};
const plain = (lines: readonly Parameters<typeof painted>[0][]): string[] =>
  lines.map((line) => painted(line, false).trimEnd());

describe("a frame", () => {
  test("shows the story's clock, the ring, what is on hold, and both sides next to each other", () => {
    expect(plain(frameLines(view, { columns: 120, rows: 40 }))).toEqual([
      " Ringbell demo   no cluster needed                                                      story 2:27 of 3:48, 5 × as fast",
      "",
      "✔ Steady state   ✔ Rolling restart   ▶ Crash   · Scale-down",
      "One member fails, which a quorum survives. Then a node takes two more.",
      "",
      "data/cassandra   zone-a  ● cassandra-0  ● cassandra-3   zone-b  ○ cassandra-1  · cassandra-4   zone-c  ◌ cassandra-2",
      "● ready  ○ not ready  ◌ terminating  · away",
      "",
      "quorum  ━━────────── pending, fires in 12 s  2 of 3 ready, wanted at least 3",
      "left    ━━━───────── cassandra-4 away 8 s of 30 s",
      "",
      "──── IN THE CLUSTER ──────────────────────────────┬── WHAT RINGBELL SAID, AND WHY ─────────────────────────────────────",
      expect.stringMatching(/^── Crash ─{110}$/),
      "2:10  » node-2 loses its network                  │",
      "      ○ cassandra-1 is not ready                  │ … quorum pending for 15 s: 2 of 4 ready",
      "                                                  │ – something else of the same moment",
      "2:25                                              │ ▲ quorum FIRES",
      expect.stringMatching(/^── Scale-down ─{105}$/),
      "3:02  · cassandra-4 is gone                       │",
      "3:10                                              │ – left: a later thought",
    ]);
  });

  test("on a narrow and low screen stacks both sides, and shows the latest", () => {
    expect(plain(frameLines({ ...view, chapter: 3 }, { columns: 80, rows: 14 }))).toEqual([
      " Ringbell demo   no cluster needed              story 2:27 of 3:48, 5 × as fast",
      "✔ Steady state   ✔ Rolling restart   ✔ Crash   ▶ Scale-down",
      "Two members go for good: when that has settled, one webhook says so.",
      "data/cassandra   zone-a  ● cassandra-0  ● cassandra-3",
      "zone-b  ○ cassandra-1  · cassandra-4   zone-c  ◌ cassandra-2",
      "quorum  ━━────────── pending, fires in 12 s  2 of 3 ready, wanted at least 3",
      "left    ━━━───────── cassandra-4 away 8 s of 30 s",
      expect.stringMatching(/^── cluster and Ringbell ─{55}$/),
      "        … quorum pending for 15 s: 2 of 4 ready",
      "        – something else of the same moment",
      "2:25    ▲ quorum FIRES",
      expect.stringMatching(/^── Scale-down ─{65}$/),
      "3:02  · cassandra-4 is gone",
      "3:10    – left: a later thought",
    ]);
  });

  test("changes from one form to the other at 100 columns", () => {
    const heading = (columns: number): string => plain(frameLines(view, { columns, rows: 40 })).join("\n");
    expect(heading(100)).toContain("WHAT RINGBELL SAID, AND WHY");
    expect(heading(99)).toContain("cluster and Ringbell");
  });

  test("fits any screen, coloured or not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }), (columns, rows) => {
        const lines = frameLines(view, { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(Math.max(1, columns - 1));
        const bare = lines.map((line) => painted(line, true).replace(ESCAPES, ""));
        expect(bare).toEqual(lines.map((line) => painted(line, false)));
      }),
    );
  });

  test("says so before the ring has been seen", () => {
    const early = {
      ...view,
      chapter: 0,
      ring: undefined,
      log: [],
      rules: [{ rule: left, alert: undefined, baseline: undefined }],
    };
    const text = plain(frameLines(early, { columns: 120, rows: 40 })).join("\n");
    expect(text).toContain("data/cassandra   waiting for the first list");
    expect(text).toContain("first sight, settles in 30 s");
  });

  test("shows a firing alert, members that settle, and what was told", () => {
    const firing = {
      kind: "firing",
      sinceMs: 100_000,
      firedAtMs: 115_000,
      told: { notify: [], severity: "critical" },
    } as const;
    const settling = {
      ...baseline,
      deviations: new Map([
        ["data/cassandra-4", { signature: "replaced uid-2", sinceMs: 140_000, whileAway: false }],
      ]),
    };
    const stated = (state: Partial<View["rules"][number]>): string =>
      plain(
        frameLines(
          { ...view, rules: [{ rule: left, alert: undefined, baseline, ...state }] },
          { columns: 120, rows: 40 },
        ),
      ).join("\n");
    expect(
      stated({ rule: quorum, alert: { rule: "quorum", ring: ring.key, episode: 1, phase: firing } }),
    ).toContain("quorum  ▲ firing since 1:55  2 of 3 ready");
    expect(stated({ baseline: settling })).toContain("left  ━━━───────── 1 new or replaced, settled in 23 s");
    expect(stated({ baseline: { ...baseline, deviations: new Map(), generation: 2 } })).toContain(
      "left  quiet  generation 2 told; asks for left for 30 s",
    );
  });
});

// oxlint-disable-next-line no-control-regex -- escape sequences are what is taken out
const ESCAPES = /\u001b\[\d+m/g;

describe("the picture of a ring", () => {
  test("colours each state", () => {
    const text = ringPicture(ring, baseline)
      .map((line) => painted(line, true))
      .join("\n");
    expect(text).toContain("\u001b[32m●\u001b[39m cassandra-0");
    expect(text).toContain("\u001b[33m○\u001b[39m");
    expect(text).toContain("\u001b[35m◌\u001b[39m");
    expect(text).toContain("\u001b[2m· cassandra-4\u001b[22m");
  });

  test("forgets members that have left", () => {
    const after = { ...baseline, members: new Map([...baseline.members].slice(0, 4)) };
    expect(plain(ringPicture(ring, after)).join()).not.toContain("cassandra-4");
  });
});

describe("the log", () => {
  test("wraps long texts under themselves, on each side", () => {
    const long =
      "this text is much too long for the room that it has on its side of the screen, so it goes on";
    const lines = plain(
      logLines([happening(3, "cluster", "ready", long), happening(3, "ringbell", "sent", long)], 0, 119),
    );
    expect(lines[0]).toMatch(/^0:03 {2}● this text is .* │ → this text is/);
    expect(lines[1]).toMatch(/^ {8}\S.* │ {3}\S/);
    expect(lines.join(" ")).not.toContain("…");
  });
});

describe("the ending", () => {
  test("puts what a command is for beside it, or below it where there is no room", () => {
    expect(plain(nextSteps("ringbell", 119))).toContain(
      "   ringbell check rules.example.yaml         what a rules file watches, and whom it tells",
    );
    expect(plain(nextSteps("ringbell", 60)).slice(1, 3)).toEqual([
      "   ringbell check rules.example.yaml",
      "     what a rules file watches, and whom it tells",
    ]);
  });

  test("wraps what was found under itself", () => {
    const judged = [{ title: "Crash", ok: false, text: "nobody was told of it at all" }];
    expect(plain(judgementLines(judged, 25))).toEqual([
      " ✘ Crash  nobody was told",
      "          of it at all",
    ]);
  });
});
