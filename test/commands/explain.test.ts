import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Standing } from "../../src/alerts/standing.ts";
import { planFor } from "../../src/app.ts";
import { createApiConnection } from "../../src/cluster/api-connection.ts";
import { explain, type ExplainOptions, firstSight, type Truth } from "../../src/commands/explain.ts";
import { standingToJson } from "../../src/alerts/standing-json.ts";
import { askStandings } from "../../src/commands/explain-command.ts";
import { urlOption } from "../../src/commands/url-option.ts";
import { listOnce } from "../../src/commands/list-once.ts";
import { replay } from "../../src/rehearsal/replay.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { startApiServer } from "../../src/simulator/api-server.ts";
import { ClusterModel } from "../../src/simulator/cluster-model.ts";
import { playSteps } from "../../src/simulator/play.ts";
import { startReceiver } from "../../src/simulator/receiver.ts";
import { rulesFile } from "../support/rules-file.ts";

const START_MS = Date.UTC(2026, 0, 1);
const FILE = rulesFile(`
  - { name: quorum, ring: { namespace: data, service: "c*" }, when: { readyBelow: 3 }, for: 1m }
  - { name: kafka-missing, ring: { namespace: data, service: kafka }, when: { missing: true } }
  - { name: left, ring: { namespace: data, labels: { tier: web } }, on: [left] }
`);

const standing = (differs: Partial<Standing>): Standing => ({
  rule: "quorum",
  ring: "data/cassandra",
  kind: "condition",
  phase: "inactive",
  fact: "5 of 5 ready, wanted at least 3",
  notify: ["hook"],
  ...differs,
});

function run(truth: Partial<Truth>, options: Partial<ExplainOptions> = {}) {
  let out = "";
  let err = "";
  const code = explain({
    file: FILE,
    truth: { nowMs: START_MS, standings: [], warnings: [], note: undefined, ...truth },
    ring: undefined,
    json: false,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    ...options,
  });
  return { code, out, err };
}

describe("ringbell explain", () => {
  test("shows each rule with its rings: what is true, since when, and what comes next", () => {
    const standings = [
      standing({
        phase: "pending",
        sinceMs: START_MS - 41_500,
        fact: "2 of 5 ready, wanted at least 3",
        next: { atMs: START_MS + 18_500, what: "fire" },
      }),
      standing({ ring: "data/calm" }),
      standing({
        rule: "kafka-missing",
        ring: "data/kafka",
        phase: "firing",
        sinceMs: START_MS,
        fact: "Service missing",
        hushed: "mute window nights",
      }),
    ];
    expect(run({ standings })).toEqual({
      code: 0,
      err: "",
      out: `quorum: data/c*, fewer than 3 ready, for 1m, tells hook
  data/calm  inactive: 5 of 5 ready, wanted at least 3
  data/cassandra  pending for 41s: 2 of 5 ready, wanted at least 3
    next: fires in 19s

kafka-missing: data/kafka, Service missing, at once, tells hook
  data/kafka  firing for 0s: Service missing
    next: resolves when it does not hold
    tells nobody now: mute window nights

left: data/* with tier=web, left, settled 10s, at most 1m40s, tells hook
  no ring that it selects
`,
    });
  });

  test("shows who is not told", () => {
    const { out } = run({
      standings: [standing({ quiet: [{ destination: "hook", why: "muted by nights" }] })],
    });
    expect(out).toContain("\n    does not tell hook now: muted by nights\n");
  });

  test("shows one ring where asked to", () => {
    const { out } = run({ standings: [standing({})] }, { ring: "data/other" });
    expect(out).toContain("  not about data/other\n");
    expect(out).not.toContain("data/cassandra");
  });

  test("gives programs JSON with times", () => {
    const standings = [
      standing({ phase: "settling", sinceMs: START_MS, next: { atMs: START_MS + 1, what: "report" } }),
    ];
    expect(JSON.parse(run({ standings }, { json: true }).out)).toMatchObject({
      at: "2026-01-01T00:00:00.000Z",
      standings: [
        { since: "2026-01-01T00:00:00.000Z", next: { at: "2026-01-01T00:00:00.001Z", what: "report" } },
      ],
    });
  });

  test("exits 1 when a part could not be looked at", () => {
    expect(run({ warnings: ["Cannot list: HTTP 403"] })).toMatchObject({
      code: 1,
      err: "Warning: Cannot list: HTTP 403\n",
    });
  });
});

describe("a look at a cluster", () => {
  async function look(refuse: number) {
    const clock = new VirtualClock(START_MS);
    const api = await startApiServer({ clock });
    onTestFinished(() => api.close());
    const model = new ClusterModel({ namespace: "data", service: "cassandra" });
    playSteps(clock, api.store, model.begin(START_MS, 5));
    playSteps(
      clock,
      api.store,
      [0, 1, 2].flatMap((ordinal) => model.notReady(START_MS, `cassandra-${ordinal}`)),
    );
    if (refuse > 0) api.faults.nextLists(refuse, { status: 403 });
    const loadKubeConfig = (): KubeConfig => {
      const config = new KubeConfig();
      config.loadFromClusterAndUser({ name: "c", server: api.url, skipTLSVerify: true }, { name: "u" });
      return config;
    };
    const connection = createApiConnection({ loadKubeConfig, clock, version: "test" });
    onTestFinished(() => connection.close());
    const { signal } = new AbortController();
    return await listOnce({ plan: planFor(FILE), connection, clock, signal });
  }

  test("lists each scope once, and judges", async () => {
    const { standings } = replay(FILE, await look(0));
    expect(standings.toSorted((a, b) => b.rule.localeCompare(a.rule))).toMatchObject([
      {
        rule: "quorum",
        ring: "data/cassandra",
        phase: "pending",
        fact: "2 of 5 ready, wanted at least 3",
        next: { atMs: START_MS + 60_000, what: "fire" },
      },
      { rule: "kafka-missing", ring: "data/kafka", phase: "firing", fact: "Service missing" },
    ]);
  });

  test("takes what change rules see as what changes are counted from", () => {
    const change = standing({
      kind: "change",
      phase: "settling",
      sinceMs: 5,
      next: { atMs: 9, what: "report" },
    });
    const { sinceMs: _since, next: _next, ...rest } = change;
    const fact = "taken as it is, changes count from here";
    expect(firstSight(change)).toEqual({ ...rest, phase: "settled", fact });
    expect(firstSight(standing({ sinceMs: 5 }))).toEqual(standing({ sinceMs: 5 }));
  });

  test("tells what it may not list", async () => {
    const { warnings } = await look(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^Cannot list endpointslices in namespace data: .*403/);
  });
});

describe("a running Ringbell", () => {
  async function ask(answer: { readonly status: number; readonly body?: object }) {
    const receiver = await startReceiver({ kind: "webhook", clock: new VirtualClock(0) });
    onTestFinished(() => receiver.close());
    receiver.answerNext(1, answer);
    const asked = await askStandings(new URL(receiver.url), fetch, START_MS);
    return { asked, path: receiver.received[0]?.path };
  }

  test("is asked for its standings", async () => {
    const { asked, path } = await ask({ status: 200, body: [standingToJson(standing({}))] });
    expect(path).toBe("/api/v1/standings");
    expect(asked).toEqual({ nowMs: START_MS, standings: [standing({})], warnings: [], note: undefined });
  });

  test.each([
    [{ status: 404 }, "HTTP 404"],
    [{ status: 200, body: {} }, "HTTP 200"],
    [{ status: 200 }, "HTTP 200"],
  ])("that answers %j as Ringbell never does is told as it is", async (answer, why) => {
    expect((await ask(answer)).asked).toEqual({
      failure: expect.stringMatching(
        new RegExp(
          `^Cannot ask for standings at http://127.0.0.1:\\d+: ${why}, and not as Ringbell answers: is --url right\\?$`,
        ),
      ) as string,
    });
  });

  test("that is not there is told, with what to look at", async () => {
    const url = new URL("http://127.0.0.1:9/some/path");
    expect(await askStandings(url, fetch, 0)).toEqual({
      failure: expect.stringMatching(
        /^Cannot ask for standings at http:\/\/127\.0\.0\.1:9: .+; is Ringbell running, and is --url where it listens\?/,
      ) as string,
    });
  });

  test.each(["8080", "127.0.0.1:8080", "ftp://127.0.0.1"])(
    "cannot be asked at %s: that is bad usage",
    (text) => {
      expect(() => urlOption(text)).toThrow("wanted an http or https URL, as in http://127.0.0.1:8080");
    },
  );
});
