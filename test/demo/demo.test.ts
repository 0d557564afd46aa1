import { describe, expect, test } from "vitest";
import { demo, type DemoOptions } from "../../src/commands/demo.ts";
import { type DemoPlaces, demoRules } from "../../src/demo/demo-rules.ts";
import { sleepOn, type Clock } from "../../src/runtime/clock.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** Real time that passes only by being waited for. */
const leapingClock = (): Clock => {
  let nowMs = START_MS;
  const clock: Clock = {
    now: () => nowMs,
    at(atMs, callback) {
      const timer = setImmediate(() => {
        nowMs = Math.max(nowMs, atMs);
        callback();
      });
      return () => clearImmediate(timer);
    },
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
  };
  return clock;
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  options: Partial<DemoOptions> & {
    readonly isTTY?: boolean;
    readonly onWrite?: (text: string, out: () => string) => void;
  },
): Promise<Ran> {
  let out = "";
  let err = "";
  const { isTTY = false, onWrite } = options;
  const code = await demo({
    fast: true,
    terminal: {
      isTTY,
      columns: 120,
      rows: 40,
      write(text) {
        out += text;
        onWrite?.(text, () => out);
      },
    },
    err: (text) => (err += text),
    colour: false,
    command: "ringbell",
    clock: leapingClock(),
    stop: new AbortController().signal,
    ...options,
  });
  return { code, out, err };
}

/** The demo's rules with something else in place of a part. */
const changed =
  (part: string, by: string) =>
  (places: DemoPlaces): string => {
    const rules = demoRules(places);
    expect(rules).toContain(part);
    return rules.replaceAll(part, by);
  };

describe("the demo at full speed", () => {
  test("tells its story in plain lines, with who was told and why, and finds all as it should be", async () => {
    const { code, out, err } = await run({});
    expect(err).toBe("");
    expect(code).toBe(0);
    const lines = out.split("\n");
    const after = (heading: string): string[] => {
      const begin = lines.findIndex((line) => line.includes(`${heading} ──`));
      const end = lines.findIndex((line, index) => index > begin && (line.startsWith("──") || line === ""));
      return lines.slice(begin + 1, end);
    };
    expect(after("Steady state")).toEqual([
      " 0:00  cluster   ● 5 members are ready",
      " 0:30  ringbell  – member-left: first sight of 5 members: nobody is told",
    ]);
    expect(after("Rolling restart").filter((line) => line.includes("→"))).toEqual([]);
    expect(after("Rolling restart").filter((line) => line.includes("back after 8 s of 30 s"))).toHaveLength(
      5,
    );
    expect(after("Rolling restart").at(-1)).toBe(
      " 2:02  ringbell  – member-left: 5 replaced; it asks only for left: nobody is told",
    );
    const notYet = "below-quorum: 4 of 5 ready, wanted at least 3: no alert";
    expect(after("Rolling restart").filter((line) => line.includes(notYet))).toHaveLength(1);
    const crash = after("Crash").join("\n");
    expect(crash).toContain(`ringbell  – ${notYet}`);
    expect(crash).toContain("2:19  ringbell  … below-quorum pending for 15 s: 2 of 5 ready");
    expect(crash).toContain("2:34  ringbell  ▲ below-quorum FIRES: 2 of 5 ready, wanted at least 3");
    expect(crash).toContain("2:34  ringbell  → data-team (slack 200, firing): cassandra: 2 of 5 ready");
    expect(crash).toContain("2:34  ringbell  → on-call (pagerduty 202, trigger): cassandra: 2 of 5 ready");
    expect(crash).toContain("2:48  ringbell  ✔ below-quorum RESOLVED after 29 s: 4 of 5 ready");
    expect(crash).toContain("2:48  ringbell  → on-call (pagerduty 202, resolve): cassandra: 4 of 5 ready");
    const scaleDown = after("Scale-down").join("\n");
    expect(scaleDown).toContain("◆ member-left generation 1: 2 left (cassandra-3, cassandra-4)");
    expect(
      scaleDown.match(/→ rebalancer \(webhook 204, signature ok\): data\/cassandra: 2 left/g),
    ).toHaveLength(1);
    expect(out.match(/^ ✔ /gm)).toHaveLength(4);
    expect(out).toContain("ringbell run --rules rules.example.yaml");
    expect(out).not.toContain("\u001b");
  });

  test("is coloured where that is wanted, and says the same", async () => {
    const [plain, coloured] = [await run({}), await run({ colour: true })];
    expect(coloured.out).toContain("\u001b[31m");
    // oxlint-disable-next-line no-control-regex -- escape sequences are what is taken out
    const bare = coloured.out.replace(/\u001b\[\d+m/g, "");
    // Receivers of the same moment answer in any order.
    expect(bare.split("\n").toSorted()).toEqual(plain.out.split("\n").toSorted());
  });
});

describe("the demo checks itself", () => {
  test("and fails when the rolling restart is told to somebody", async () => {
    const { code, out, err } = await run({ rules: changed("settle: 30s", "settle: 5s") });
    expect(code).toBe(1);
    expect(out).toMatch(/✘ Rolling restart .*receivers got .*rebalancer change.*, expected nothing/);
    expect(err).toContain("The demo did not show what it should: Rolling restart");
  });

  test("and fails when a notice is missing", async () => {
    const { code, out, err } = await run({
      rules: changed("notify: [data-team, on-call]", "notify: [on-call]"),
    });
    expect(code).toBe(1);
    expect(out).toContain("✘ Crash");
    expect(out).toContain("receivers got on-call trigger and on-call resolve, expected data-team firing");
    expect(err).toContain("The demo did not show what it should: Crash;");
  });

  test("and fails when the webhook is not signed", async () => {
    const { code, out } = await run({ rules: changed("signingSecret: { env: REBALANCER_SECRET }", "") });
    expect(code).toBe(1);
    expect(out).toContain("rebalancer answered 401");
    expect(out).toContain("its signature does not hold: missing webhook-id");
    expect(out).toMatch(/✘ Ringbell's log .*rebalancer: refused/);
  });

  test("and says what is wrong with rules that cannot be loaded", async () => {
    await expect(run({ rules: changed("readyBelow: 3", "readyBelwo: 3") })).rejects.toThrow(/readyBelow/);
  });
});

describe("the demo on a terminal", () => {
  test("draws on the second screen, gives the first one back, and shows the whole story there", async () => {
    const { code, out, err } = await run({ fast: false, isTTY: true });
    expect([code, err]).toEqual([0, ""]);
    expect(out.startsWith("\u001b[?1049h\u001b[?25l")).toBe(true);
    const [live = "", rest = ""] = out.split("\u001b[?25h\u001b[?1049l");
    expect(live).toMatch(/━+─+ pending, fires in \d+ s {2}2 of 5 ready, wanted at least 3/);
    expect(live).toMatch(/━*─+ cassandra-2 away 5 s of 30 s/);
    expect(live).toContain("▲ firing since 2:34");
    expect(rest).not.toContain("\u001b");
    expect(rest).toContain("IN THE CLUSTER");
    expect(rest).toContain("0:36  » kubectl rollout restart sts/cassandra");
    expect(rest.match(/^ ✔ /gm)).toHaveLength(4);
    expect(Math.max(...rest.split("\n").map((line) => line.length))).toBeLessThan(120);
  });

  test("ends at once when it is stopped, with the terminal as it was", async () => {
    const stop = new AbortController();
    let backAtOnce = false;
    const { code, out, err } = await run({
      fast: false,
      isTTY: true,
      stop: stop.signal,
      // In the middle of the first hold, with a request under way.
      onWrite(text, outNow) {
        if (!text.includes("▲ below-quorum FIRES")) return;
        stop.abort();
        backAtOnce = outNow().endsWith("\u001b[?25h\u001b[?1049l");
      },
    });
    expect(backAtOnce).toBe(true);
    expect([code, err]).toEqual([0, ""]);
    const [, rest = "nothing"] = out.split("\u001b[?25h\u001b[?1049l");
    expect(rest).toMatch(/^Stopped at 2:3\d of 3:48; nothing is left running\n$/);
  });

  test("ends at once also while a delivery waits for its turn", async () => {
    const stop = new AbortController();
    const twice =
      "  - name: also-below\n    ring: { namespace: data, service: cassandra }\n    when: { readyBelow: 3 }\n    for: 15s\n    notify: [data-team]\n";
    const { code, out } = await run({
      fast: false,
      isTTY: true,
      stop: stop.signal,
      rules: (places) => demoRules(places) + twice,
      // Slack gets one message a second, so one of the two has not been sent yet.
      onWrite: (text) => text.includes("also-below FIRES") && stop.abort(),
    });
    expect(code).toBe(0);
    expect(out.endsWith("nothing is left running\n")).toBe(true);
  });

  test("ends cleanly when it is stopped before it has begun", async () => {
    const { code, out } = await run({ fast: false, isTTY: true, stop: AbortSignal.abort() });
    expect(code).toBe(0);
    expect(out.endsWith("Stopped at 0:00 of 3:48; nothing is left running\n")).toBe(true);
  });
});
