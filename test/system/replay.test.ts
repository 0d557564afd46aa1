import { KubeConfig } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { createApiConnection } from "../../src/cluster/api-connection.ts";
import { record } from "../../src/commands/record.ts";
import { readHistory } from "../../src/rehearsal/recorded-history.ts";
import { replay } from "../../src/rehearsal/replay.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { ClusterModel } from "../../src/simulator/cluster-model.ts";
import { playSteps } from "../../src/simulator/play.ts";
import { countedConnection } from "../support/counted-connection.ts";
import { rulesFile } from "../support/rules-file.ts";
import { START_MS, System } from "../support/system.ts";
import { turns } from "../support/turns.ts";

const MINUTE_MS = 60_000;
const LASTS_MS = 20 * MINUTE_MS;
const RULES = `
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, for: 20s }
  - { name: blip, ring: { namespace: data, service: cassandra }, when: { readyBelow: 5 }, for: 2m }
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 30s }
  - { name: replaced, ring: { namespace: data, service: "cass*" }, on: [replaced], settle: 10s }
`;

/** A rolling restart, a crash that heals, two members that go at once and come back, a scale-down, a deletion. */
function script(clock: VirtualClock, api: ApiServer): void {
  const model = new ClusterModel({ namespace: "data", service: "cassandra" });
  const at = (minutes: number, verb: (nowMs: number) => ReturnType<ClusterModel["begin"]>): void =>
    void clock.at(START_MS + minutes * MINUTE_MS, () => playSteps(clock, api.store, verb(clock.now())));
  playSteps(clock, api.store, model.begin(START_MS, 5));
  at(1, (nowMs) => model.rollingRestart(nowMs));
  at(4, (nowMs) => model.notReady(nowMs, "cassandra-1"));
  at(4.5, (nowMs) => model.ready(nowMs, "cassandra-1"));
  at(6, (nowMs) => [0, 2, 4].flatMap((ordinal) => model.notReady(nowMs, `cassandra-${ordinal}`)));
  at(9, (nowMs) => [0, 2, 4].flatMap((ordinal) => model.ready(nowMs, `cassandra-${ordinal}`)));
  at(11, (nowMs) => model.scale(nowMs, 3));
  at(15, (nowMs) => model.deleteService(nowMs));
}

/** What `ringbell record` writes while the script runs. */
async function recorded(): Promise<string> {
  const clock = new VirtualClock(START_MS);
  const api = await startApiServer({ clock });
  script(clock, api);
  const loadKubeConfig = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: "c", server: api.url, skipTLSVerify: true }, { name: "u" });
    return config;
  };
  const connection = countedConnection(createApiConnection({ loadKubeConfig, clock, version: "test" }));
  const lines: string[] = [];
  const done = record({
    file: rulesFile(RULES),
    connection,
    clock,
    random: seededRandom(1),
    version: "test",
    write: (line) => void lines.push(line),
    err: () => undefined,
    forMs: LASTS_MS,
    anonymize: false,
    stop: new AbortController().signal,
  });
  const isQuiet = (): boolean => {
    const watches = api.openWatches();
    const sent = watches.reduce((sum, { sentLines }) => sum + sentLines, 0);
    return connection.waiting + connection.open === api.held + watches.length && connection.lines === sent;
  };
  for (let next = clock.now(); next <= START_MS + LASTS_MS; next = clock.nextTimerMs() ?? Infinity) {
    clock.advanceTo(next);
    for (
      let quiet = 0;
      quiet < 3 && lines.at(-1)?.includes('"end"') !== true;
      quiet = isQuiet() ? quiet + 1 : 0
    )
      await turns(1);
  }
  expect(await done).toBe(0);
  await connection.close();
  await api.close();
  return lines.join("");
}

test("a replay of what was recorded says what Ringbell said, at the same times", async () => {
  await using system = await System.start();
  script(system.clock, system.api);
  await system.run(RULES);
  await system.pass(LASTS_MS);
  const said = system.notices.map(({ kind, rule, atSeconds, title, message }) => [
    kind,
    rule,
    atSeconds,
    title,
    message,
  ]);

  const recording = await recorded();
  const { sent, heldBack } = replay(
    rulesFile(RULES),
    readHistory("r.jsonl", () => Buffer.from(recording)),
  );
  const replayed = sent.map(({ atMs, notice }) => [
    notice.kind,
    notice.rule,
    (atMs - START_MS) / 1000,
    notice.title,
    notice.message,
  ]);
  expect(replayed).toEqual(said);
  expect(said.map(([kind]) => kind)).toEqual(expect.arrayContaining(["fire", "resolve", "change"]));
  expect(heldBack.map(({ rule }) => rule)).toContain("blip");
});
