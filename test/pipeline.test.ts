import { beforeEach, describe, expect, test } from "vitest";
import type { Notice } from "../src/alerts/notice.ts";
import type { Slice, SliceEvent } from "../src/cluster/slice.ts";
import { planWatches } from "../src/cluster/watch-plan.ts";
import { Outbox } from "../src/outbox/outbox.ts";
import { Pipeline } from "../src/pipeline.ts";
import type { Ring } from "../src/ring/ring.ts";
import { selectorTargets } from "../src/rules/selector.ts";
import { silentLogger } from "../src/runtime/logger.ts";
import { VirtualClock } from "../src/runtime/virtual-clock.ts";
import { MemoryStore } from "../src/state/memory-store.ts";
import type { Commit } from "../src/state/store.ts";
import { rulesFile } from "./support/rules-file.ts";
import { endpoint, slice } from "./support/slices.ts";

let clock: VirtualClock;
let store: MemoryStore;

beforeEach(() => {
  clock = new VirtualClock(0);
  store = new MemoryStore();
});

/** A pipeline for these rules, as after a start; what it owes is seen in `said` and in its outbox. */
class Bench {
  readonly said: Notice[] = [];
  readonly rings: Ring[] = [];
  readonly outbox = new Outbox();
  readonly pipeline: Pipeline;
  readonly #scope;

  constructor(
    rules: string,
    usedStore: MemoryStore = store,
    retryForMs: () => number | undefined = () => 900_000,
    soon: (work: () => void) => void = (work) => work(),
  ) {
    const file = rulesFile(rules);
    const plan = planWatches(file.rules.flatMap((rule) => selectorTargets(rule)));
    this.#scope = plan[0];
    this.pipeline = new Pipeline({
      file: { ...file, selfNotify: ["hook"] },
      plan: { scopes: plan, objects: [] },
      store: usedStore,
      outbox: this.outbox,
      clock,
      logger: silentLogger,
      retryForMs,
      defer: (work) => work(),
      soon,
      onAccepted: () => undefined,
      onNotice: (notice) => this.said.push(notice),
      onRing: (ring) => this.rings.push(ring),
    });
    this.pipeline.start();
  }

  event(event: SliceEvent): this {
    if (!this.#scope) throw new Error("the rules watch nothing");
    this.pipeline.onEvent(this.#scope, event);
    this.pipeline.onBatchEnd();
    return this;
  }

  list(...slices: Slice[]): this {
    return this.event({ kind: "listed", slices });
  }

  pods(...names: string[]): this {
    return this.event({
      kind: "changed",
      slice: slice(
        "a",
        names.map((name) => endpoint(name)),
      ),
    });
  }

  /** The rules file was edited. */
  replace(rules: string): this {
    const file = rulesFile(rules);
    const scopes = planWatches(file.rules.flatMap((rule) => selectorTargets(rule)));
    this.pipeline.replaceRules(file, { scopes, objects: [] });
    return this;
  }

  /** The watch fails, or is open again. */
  watch(isDown: boolean): this {
    if (this.#scope) this.pipeline.onWatch(this.#scope, isDown);
    return this;
  }

  blind(sinceMs: number): this {
    if (this.#scope) this.pipeline.onBlind(this.#scope, sinceMs, "HTTP 503");
    return this;
  }

  /** The watch is back: sight, and then the list. */
  sight(...slices: Slice[]): this {
    return this.list(...slices);
  }

  at(ms: number): this {
    clock.advanceTo(ms);
    return this;
  }

  get kinds(): string[] {
    return this.said.map((notice) => notice.kind);
  }
}

const QUORUM = `
  - name: quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 2 }
    for: 30s
`;
const LEFT = `
  - name: left
    ring: { namespace: data, service: cassandra }
    on: [left]
    settle: 30s
`;

describe("Pipeline", () => {
  test("fires when the hold ends and resolves when the condition does", () => {
    const bench = new Bench(QUORUM).list(slice("a", [endpoint("c-0"), endpoint("c-1")]));
    bench.at(1_000).pods("c-0").at(30_999);
    expect(bench.kinds).toEqual([]);
    bench.at(31_000);
    expect(bench.said).toMatchObject([
      {
        kind: "fire",
        rule: "quorum",
        ring: { key: "data/cassandra" },
        counts: { ready: 1 },
        alert: { episode: 1 },
      },
    ]);
    bench.at(60_000).pods("c-0", "c-1");
    expect(bench.said[1]).toMatchObject({ kind: "resolve", alert: { episode: 1, durationSeconds: 59 } });
  });

  test("owes a delivery for each notice, stored before it is handed over", () => {
    const bench = new Bench(QUORUM).list().at(30_000);
    expect(bench.outbox.owed).toBe(1);
    expect(store.load().deliveries.map((owed) => owed.notice.kind)).toEqual(["fire"]);
  });

  test("has stored what a list decided when the list has been taken in, and not only soon after", () => {
    new Bench(LEFT, store, undefined, () => undefined).list(slice("a", [endpoint("c-0")]));
    expect(store.load().baselines).toMatchObject([{ rule: "left", ring: "data/cassandra" }]);
  });

  test("counts a Service that a rule names and nobody has made as empty", () => {
    expect(new Bench(QUORUM).list().at(30_000).kinds).toEqual(["fire"]);
  });

  test("decides nothing about a ring before it has been listed", () => {
    expect(new Bench(QUORUM).at(1_000_000).kinds).toEqual([]);
  });

  test("fires at the original time when a restart falls into the hold", () => {
    new Bench(QUORUM)
      .list(slice("a", [endpoint("c-0")]))
      .at(20_000)
      .pipeline.close();
    const after = new Bench(QUORUM).list(slice("a", [endpoint("c-0")])).at(29_999);
    expect(after.kinds).toEqual([]);
    expect(after.at(30_000).said).toMatchObject([
      { kind: "fire", alert: { since: "1970-01-01T00:00:00.000Z" } },
    ]);
  });

  test("says nothing after the restart of a system that is as it was", () => {
    const rules = QUORUM + LEFT;
    new Bench(rules)
      .list(slice("a", [endpoint("c-0"), endpoint("c-1")]))
      .at(100_000)
      .pipeline.close();
    expect(new Bench(rules).list(slice("a", [endpoint("c-0"), endpoint("c-1")])).at(900_000).kinds).toEqual(
      [],
    );
  });

  test("reports once what changed while it was not running", () => {
    new Bench(LEFT)
      .list(slice("a", [endpoint("c-0"), endpoint("c-1")]))
      .at(100_000)
      .pipeline.close();
    const after = new Bench(LEFT)
      .at(200_000)
      .list(slice("a", [endpoint("c-0")]))
      .at(900_000);
    expect(after.said).toMatchObject([
      { kind: "change", generation: 1, change: { whileAway: true, left: [{ name: "c-1" }] } },
    ]);
  });

  test("reports a Service that was deleted while it was not running, though the rule does not name it", () => {
    const glob = LEFT.replace("service: cassandra", 'service: "cass*"');
    new Bench(glob)
      .list(slice("a", [endpoint("c-0")]))
      .at(100_000)
      .pipeline.close();
    const after = new Bench(glob).at(200_000).list().at(900_000);
    expect(after.said).toMatchObject([{ change: { removed: true, left: [], before: [{ name: "c-0" }] } }]);
  });

  test("resolves after a restart what it fired before", () => {
    new Bench(QUORUM).list().at(30_000).pipeline.close();
    const after = new Bench(QUORUM).list(slice("a", [endpoint("c-0"), endpoint("c-1")]));
    expect(after.said).toMatchObject([{ kind: "resolve", alert: { episode: 1 } }]);
  });

  test("still owes after a restart what was not delivered, with the same ids", () => {
    const before = new Bench(QUORUM).list().at(30_000);
    const ids = [...before.outbox.deliveries()].map((owed) => owed.id);
    before.pipeline.close();
    expect([...new Bench(QUORUM).outbox.deliveries()].map((owed) => owed.id)).toEqual(ids);
  });

  test("numbers generations on after a restart", () => {
    new Bench(LEFT)
      .list(slice("a", [endpoint("c-0"), endpoint("c-1")]))
      .at(50_000)
      .pods("c-0")
      .at(100_000)
      .pipeline.close();
    const after = new Bench(LEFT)
      .list(slice("a", [endpoint("c-0")]))
      .at(150_000)
      .pods()
      .at(200_000);
    expect(after.said).toMatchObject([{ generation: 2, previousGeneration: 1 }]);
  });

  test("touches only the rules that select the ring", () => {
    const bench = new Bench(`
  - name: kafka
    ring: { namespace: data, service: kafka }
    when: { noneReady: true }
  - name: all
    ring: { namespace: data, service: "*" }
    when: { noneReady: true }`);
    bench.list(slice("k", [endpoint("k-0")], { service: "kafka" }));
    bench.pods();
    expect(bench.said.map((notice) => notice.rule)).toEqual(["all"]);
  });

  test("sends nothing that cannot be stored, and catches up when it can", () => {
    class FullDisk extends MemoryStore {
      isFull = false;
      override commit(commit: Commit) {
        if (this.isFull) throw new Error("database or disk is full");
        return super.commit(commit);
      }
    }
    const disk = new FullDisk();
    const bench = new Bench(QUORUM, disk);
    disk.isFull = true;
    bench.list().at(40_000);
    expect(bench.kinds).toEqual(["fire"]);
    expect(bench.outbox.owed).toBe(0);
    expect(bench.pipeline.isUnsaved).toBe(true);
    disk.isFull = false;
    bench.at(42_000);
    expect(bench.outbox.owed).toBe(1);
    expect(bench.pipeline.isUnsaved).toBe(false);
  });
});

describe("A blind scope", () => {
  const two = slice("a", [endpoint("c-0"), endpoint("c-1")]);
  const one = slice("a", [endpoint("c-0")]);
  const said = (bench: Bench) => bench.said.map(({ rule, kind }) => `${rule} ${kind}`);

  test("fires nothing and resolves nothing, and says so itself", () => {
    const bench = new Bench(QUORUM).sight(two).at(1_000).pods("c-0").at(10_000).blind(5_000).at(500_000);
    expect(said(bench)).toEqual(["ringbell/blind fire"]);
    expect(bench.said[0]).toMatchObject({
      ring: { key: "endpointslices:data/cassandra", service: "cassandra" },
      alert: { since: "1970-01-01T00:00:05.000Z", reason: "HTTP 503" },
    });
  });

  test("lets a hold go on from its original start when the list finds it unchanged", () => {
    const bench = new Bench(QUORUM)
      .sight(two)
      .at(1_000)
      .pods("c-0")
      .at(10_000)
      .blind(5_000)
      .at(500_000)
      .sight(one);
    expect(said(bench)).toEqual(["ringbell/blind fire", "ringbell/blind resolve", "quorum fire"]);
    expect(bench.said[2]).toMatchObject({ alert: { since: "1970-01-01T00:00:01.000Z" } });
  });

  test("waits for the rest of a hold that has not ended meanwhile", () => {
    const bench = new Bench(QUORUM)
      .sight(two)
      .at(1_000)
      .pods("c-0")
      .at(10_000)
      .blind(5_000)
      .at(20_000)
      .sight(one);
    expect(said(bench.at(30_999))).toEqual(["ringbell/blind fire", "ringbell/blind resolve"]);
    expect(said(bench.at(31_000)).at(-1)).toBe("quorum fire");
  });

  test("never fires what the list finds mended", () => {
    const bench = new Bench(QUORUM)
      .sight(two)
      .at(1_000)
      .pods("c-0")
      .at(10_000)
      .blind(5_000)
      .at(500_000)
      .sight(two);
    expect(said(bench.at(900_000))).toEqual(["ringbell/blind fire", "ringbell/blind resolve"]);
  });

  test("reports nobody as left before the list has said so", () => {
    const bench = new Bench(LEFT).sight(two).at(100_000).pods("c-0").at(110_000).blind(105_000).at(500_000);
    expect(said(bench)).toEqual(["ringbell/blind fire"]);
    expect(said(bench.sight(two).at(900_000))).toEqual(["ringbell/blind fire", "ringbell/blind resolve"]);
  });

  test("leaves other scopes alone", () => {
    const bench = new Bench(QUORUM).sight(two).at(1_000).pods("c-0");
    const [elsewhere] = planWatches([{ source: "endpointslices", namespace: "data", service: "kafka" }]);
    if (elsewhere) bench.pipeline.onBlind(elsewhere, 0, undefined);
    expect(said(bench.at(31_000))).toEqual(["ringbell/blind fire", "quorum fire"]);
  });

  test("is told once, over a restart too, and resolves with the same episode", () => {
    new Bench(QUORUM).sight(two).at(10_000).blind(5_000).pipeline.close();
    const after = new Bench(QUORUM).blind(20_000);
    expect(said(after)).toEqual([]);
    expect(after.sight(two).said).toMatchObject([
      { kind: "resolve", rule: "ringbell/blind", alert: { episode: 1 } },
    ]);
  });
});

describe("A rule that was of another kind for a while", () => {
  const NAMED = "  - { name: it, ring: { namespace: data, service: cassandra }";
  const ON = `${NAMED}, on: [left], settle: 0s }\n`;
  const WHEN = `${NAMED}, when: { readyBelow: 2 } }\n`;

  test.each(["in process", "with restarts"])("goes on with its numbers, %s", (how) => {
    const said: unknown[] = [];
    let bench = new Bench(ON).list(slice("a", [endpoint("c-0"), endpoint("c-1")]));
    const edit = (rules: string, ...pods: readonly string[]): void => {
      if (how === "in process") bench.replace(rules);
      else {
        said.push(...bench.said);
        bench.pipeline.close();
        bench = new Bench(rules).list(
          slice(
            "a",
            pods.map((pod) => endpoint(pod)),
          ),
        );
      }
    };
    bench.at(1_000).pods("c-0");
    edit(WHEN, "c-0");
    bench.at(2_000).pods("c-0", "c-1");
    edit(ON, "c-0", "c-1");
    bench.at(3_000).pods("c-0");
    edit(WHEN, "c-0");
    said.push(...bench.said);
    const numbers = (said as readonly Notice[]).map(({ kind, generation, alert }) => [
      kind,
      generation ?? alert?.episode,
    ]);
    expect(numbers).toEqual([
      ["change", 1],
      ["fire", 1],
      ["resolve", 1],
      ["change", 2],
      ["fire", 2],
    ]);
  });
});

describe("Changes that a destination has not heard of", () => {
  const PODS = ["c-0", "c-1", "c-2"].map((name) => endpoint(name));

  function owedChanges(bench: Bench): unknown[] {
    return [...bench.outbox.deliveries()].map(({ notice: { generation, previousGeneration, change } }) => [
      `${previousGeneration} to ${generation}`,
      change?.left.map(({ name }) => name).join(" "),
    ]);
  }

  test("are told as one, the net of both, and the earlier is stored as not sent", () => {
    const bench = new Bench(LEFT).list(slice("a", PODS)).at(30_000).pods("c-0", "c-1").at(60_000);
    expect(owedChanges(bench)).toEqual([["0 to 1", "c-2"]]);
    bench.pods("c-0").at(90_000);
    expect(owedChanges(bench)).toEqual([["0 to 2", "c-1 c-2"]]);
    expect(store.load().deliveries).toHaveLength(1);
    expect(store.ended()).toMatchObject([{ end: { kind: "dead", reason: "coalesced" } }]);
  });

  test("stay two when the first has been tried: it may have arrived", () => {
    const bench = new Bench(LEFT).list(slice("a", PODS)).at(30_000).pods("c-0", "c-1").at(60_000);
    const first = bench.outbox.take("hook", clock.now());
    bench.pods("c-0").at(90_000);
    expect(owedChanges(bench)).toEqual([
      ["0 to 1", "c-2"],
      ["1 to 2", "c-1"],
    ]);
    const retry = { kind: "retry", reason: "timeout" } as const;
    if (first) bench.outbox.settle(first, retry, 1, clock.now(), () => 0.5);
    bench.pods().at(120_000);
    // What waits behind it is one.
    expect(owedChanges(bench)).toEqual([
      ["0 to 1", "c-2"],
      ["1 to 3", "c-0 c-1"],
    ]);
  });

  test("stay two when the first is from before a restart: a try that was cut off may have arrived", () => {
    const before = new Bench(LEFT).list(slice("a", PODS)).at(30_000).pods("c-0", "c-1").at(60_000);
    before.pipeline.close();
    const bench = new Bench(LEFT)
      .list(slice("a", PODS.slice(0, 2)))
      .at(70_000)
      .pods("c-0")
      .at(100_000);
    expect(owedChanges(bench)).toEqual([
      ["0 to 1", "c-2"],
      ["1 to 2", "c-1"],
    ]);
  });

  test("stay two when together they exceed the rule's guard", () => {
    const guarded = `${LEFT}    guard: { maxLost: 1, otherwise: [] }\n`;
    const bench = new Bench(guarded).list(slice("a", PODS)).at(30_000).pods("c-0", "c-1").at(60_000);
    bench.pods("c-0").at(90_000);
    expect(owedChanges(bench)).toEqual([
      ["0 to 1", "c-2"],
      ["1 to 2", "c-1"],
    ]);
  });
});

describe("A watch that is down", () => {
  const PODS = slice("a", [endpoint("c-0"), endpoint("c-1")]);

  test("lets no time run out: who is back before it is heard of again never left", () => {
    const bench = new Bench(LEFT).list(PODS).at(30_000).pods("c-0");
    bench.at(50_000).watch(true).at(70_000);
    expect(bench.said).toEqual([]);
    bench.watch(false).at(70_500).pods("c-0", "c-1").at(200_000);
    expect(bench.said).toEqual([]);
  });

  test("lets time run out a second after it is open again, from the original start", () => {
    const bench = new Bench(LEFT).list(PODS).at(30_000).pods("c-0");
    bench.at(50_000).watch(true).at(70_000).watch(false).at(70_999);
    expect(bench.said).toEqual([]);
    expect(bench.at(71_000).said).toMatchObject([{ change: { firstChangeAt: "1970-01-01T00:00:30.000Z" } }]);
  });

  test("changes nothing about times that have not come when it is open again", () => {
    const bench = new Bench(LEFT).list(PODS).at(30_000).pods("c-0");
    bench.at(40_000).watch(true).at(45_000).watch(false).at(59_999);
    expect(bench.said).toEqual([]);
    expect(bench.at(60_000).kinds).toEqual(["change"]);
  });

  test("has caught up with a list", () => {
    const bench = new Bench(LEFT).list(PODS).at(30_000).pods("c-0");
    bench
      .at(50_000)
      .watch(true)
      .at(70_000)
      .list(slice("a", [endpoint("c-0")]));
    expect(bench.kinds).toEqual(["change"]);
  });
});

describe("replaceRules()", () => {
  const two = slice("a", [endpoint("c-0"), endpoint("c-1")]);
  const one = slice("a", [endpoint("c-0")]);

  test("keeps a hold over a change of the rule's words", () => {
    const bench = new Bench(QUORUM).list(one).at(10_000).replace(`${QUORUM}    title: "Too few"\n`);
    expect(bench.at(29_999).kinds).toEqual([]);
    expect(bench.at(30_000).said).toMatchObject([{ kind: "fire", title: "Too few", alert: { episode: 1 } }]);
  });

  test("does not fire again what has fired", () => {
    const bench = new Bench(QUORUM)
      .list(one)
      .at(30_000)
      .replace(`${QUORUM}    severity: critical\n`)
      .at(900_000);
    expect(bench.kinds).toEqual(["fire"]);
  });

  test("resolves what a removed rule has fired, with that reason", () => {
    const bench = new Bench(QUORUM + LEFT).list(one).at(30_000).replace(LEFT);
    expect(bench.said[1]).toMatchObject({
      kind: "resolve",
      rule: "quorum",
      alert: { episode: 1, reason: "rule removed" },
    });
  });

  test("says nothing more by a rule that was removed between a start and the first list", () => {
    new Bench(QUORUM + LEFT).list(one).at(30_000).pipeline.close();
    const after = new Bench(QUORUM + LEFT).replace(LEFT);
    expect(after.said).toMatchObject([{ kind: "resolve", alert: { reason: "rule removed" } }]);
    expect(after.list(one).at(900_000).kinds).toEqual(["resolve"]);
    expect(
      after
        .list()
        .at(950_000)
        .said.map(({ rule }) => rule),
    ).toEqual(["quorum", "left"]);
  });

  test("counts on when a removed rule comes back, so that nobody takes its notice for one that is known", () => {
    const bench = new Bench(QUORUM + LEFT)
      .list(one)
      .at(30_000)
      .replace(LEFT)
      .at(40_000)
      .replace(QUORUM + LEFT);
    expect(bench.at(100_000).said.at(-1)).toMatchObject({ kind: "fire", alert: { episode: 2 } });
    expect(new Set([...bench.outbox.deliveries()].map(({ id }) => id)).size).toBe(3);
  });

  test("does not call a Service absent before the new list of a watch that left it out", () => {
    const bench = new Bench(QUORUM.replace("cassandra", '"ka*"')).list();
    bench.replace(
      QUORUM.replace("cassandra", '"ka*"') + QUORUM.replace("quorum", "late").replace("for: 30s", "for: 0s"),
    );
    expect(bench.at(60_000).kinds).toEqual([]);
    expect(bench.list().kinds).toEqual(["fire"]);
  });

  test("fires at once what a shortened hold has over, for an absent Service too", () => {
    const bench = new Bench(QUORUM).list().at(20_000).replace(QUORUM.replace("30s", "10s"));
    expect(bench.said).toMatchObject([{ kind: "fire", alert: { since: "1970-01-01T00:00:00.000Z" } }]);
  });

  test("compares nothing with a baseline of another membership", () => {
    const unready = slice("a", [endpoint("c-0"), endpoint("c-1", { serving: false })]);
    const bench = new Bench(LEFT).list(unready).at(100_000).replace(`${LEFT}    membership: serving\n`);
    expect(bench.at(900_000).kinds).toEqual([]);
  });

  test("judges the rings of now by a new rule, absent ones too", () => {
    const bench = new Bench(LEFT)
      .list(one)
      .at(100_000)
      .replace(LEFT + QUORUM)
      .at(200_000);
    expect(bench.said).toMatchObject([
      { kind: "fire", rule: "quorum", alert: { since: "1970-01-01T00:01:40.000Z" } },
    ]);
  });

  test("begins anew with a rule that comes back, though it was taken out while an empty ring still settled", () => {
    const joined = LEFT.replace("[left]", "[joined]").replace("settle: 30s", "settle: 10s\n    maxWait: 10s");
    const bench = new Bench(joined + QUORUM).list(slice("a", [])).replace(QUORUM).at(5_000).list(one);
    bench
      .at(19_000)
      .replace(joined + QUORUM)
      .at(900_000);
    expect(bench.said.map(({ rule }) => rule)).not.toContain("left");
  });

  test("goes on with baselines and generations", () => {
    const bench = new Bench(LEFT)
      .list(two)
      .at(100_000)
      .pods("c-0")
      .at(150_000)
      .replace(`${LEFT}    severity: info\n`);
    bench.pods().at(200_000);
    expect(bench.said.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  test("resolves as removed what an edited rule no longer selects", () => {
    const bench = new Bench(QUORUM.replace("cassandra", '"*"')).list(one).at(30_000);
    bench.replace(QUORUM.replace("cassandra", '"kafka*"'));
    expect(bench.said[1]).toMatchObject({ kind: "resolve", alert: { reason: "removed" } });
  });
});

test("tells an onlooker of each ring that is taken in, and not of events that change none", () => {
  const bench = new Bench(LEFT).list(slice("a", [endpoint("c-0"), endpoint("c-1")]));
  bench.pods("c-0").at(200_000);
  expect(bench.rings.map(({ key, members }) => [key, members.length])).toEqual([
    ["data/cassandra", 2],
    ["data/cassandra", 1],
  ]);
});

describe("A restart with an edited rules file", () => {
  const one = slice("a", [endpoint("c-0")]);

  test("resolves what a rule that is gone had fired, to those who heard of it", () => {
    new Bench(QUORUM).list(one).at(30_000).pipeline.close();
    const after = new Bench(LEFT);
    expect(after.said).toMatchObject([
      { kind: "resolve", rule: "quorum", alert: { reason: "rule removed", episode: 1 } },
    ]);
    expect(
      [...after.outbox.deliveries()].map(({ destination, notice }) => [destination, notice.kind]),
    ).toEqual([
      ["hook", "fire"],
      ["hook", "resolve"],
    ]);
  });

  test("resolves what its rule no longer names", () => {
    new Bench(QUORUM).list(one).at(30_000).pipeline.close();
    expect(new Bench(QUORUM.replace("cassandra", "kafka")).said).toMatchObject([
      { kind: "resolve", alert: { reason: "removed" } },
    ]);
  });

  test("begins anew with a rule that comes back after a while, and goes on counting", () => {
    const two = slice("a", [endpoint("c-0"), endpoint("c-1")]);
    new Bench(LEFT).list(two).at(100_000).pods("c-0").at(200_000).pipeline.close();
    new Bench(QUORUM).list(one).pipeline.close();
    const after = new Bench(LEFT).at(900_000).list().at(1_000_000);
    expect(after.said.filter(({ kind }) => kind === "change")).toEqual([]);
    after.pods("c-5").at(1_100_000).pods().at(1_200_000);
    expect(after.said.at(-1)).toMatchObject({ generation: 2, change: { left: [{ name: "c-5" }] } });
  });

  test("hears that a Service it knew by its labels was deleted meanwhile", () => {
    const labelled = { serviceLabels: { tier: "storage" } };
    const byLabel = (rule: string) => rule.replace("service: cassandra", "labels: { tier: storage }");
    const rules = byLabel(LEFT) + byLabel(QUORUM);
    new Bench(rules)
      .list(slice("a", [endpoint("c-0")], labelled))
      .at(100_000)
      .pipeline.close();
    const after = new Bench(rules).list().at(900_000);
    expect(after.said.map(({ rule, kind, alert }) => [rule, kind, alert?.reason])).toEqual([
      ["quorum", "resolve", "removed"],
      ["left", "change", undefined],
    ]);
  });

  test("fires missing for a Service that it knew by a glob and that was deleted meanwhile", () => {
    const missing =
      '  - { name: gone, ring: { namespace: data, service: "cass*" }, when: { missing: true } }\n';
    new Bench(missing).list(one).pipeline.close();
    expect(new Bench(missing).list().said).toMatchObject([{ kind: "fire", rule: "gone" }]);
  });

  test("calls no Service missing that only another rule names and nobody has ever seen", () => {
    const missing =
      '  - { name: gone, ring: { namespace: data, service: "cass*" }, when: { missing: true } }\n';
    const bench = new Bench(missing + QUORUM).list().at(900_000);
    expect(bench.said.map(({ rule }) => rule)).toEqual(["quorum"]);
    expect(bench.list(one).list().said.at(-1)).toMatchObject({ kind: "fire", rule: "gone" });
  });

  test("keeps a rule as long silent after the one that spoke for it as without a restart", () => {
    const rules = `
  - { name: down, ring: { namespace: data, service: cassandra }, when: { noneReady: true } }
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, suppressedBy: [down] }`;
    new Bench(rules).list().at(1_000).list(one).pipeline.close();
    const after = new Bench(rules).list(one).at(10_999);
    expect(after.kinds).toEqual([]);
    expect(after.at(11_000).said).toMatchObject([{ kind: "fire", rule: "few", alert: { late: true } }]);
  });

  test("waits for an absent Service that stands exactly in a list with globs", () => {
    const mixed = QUORUM.replace("service: cassandra", 'service: [cassandra, "kafka*"]');
    expect(new Bench(mixed).list().at(30_000).said).toMatchObject([
      { kind: "fire", ring: { present: false } },
    ]);
  });

  test("makes dead letters of what is owed to a destination that is gone", () => {
    new Bench(QUORUM).list(one).at(30_000).pipeline.close();
    const after = new Bench(QUORUM, store, () => undefined);
    expect(after.outbox.owed).toBe(0);
    expect(store.ended()).toMatchObject([{ end: { kind: "dead", reason: "destinationRemoved" } }]);
  });
});

describe("Newer slices that have not been read yet", () => {
  test("keep a deadline from being decided on the ring as it was", () => {
    const both = [slice("a", [endpoint("c-0")]), slice("b", [endpoint("c-1")])] as const;
    const bench = new Bench(LEFT).list(...both).at(100_000);
    bench
      .event({ kind: "changed", slice: slice("b", []) })
      .at(100_100)
      .at(130_050);
    // Back 50 ms before the settle time ends; two slices are read when they have been quiet for 100 ms.
    bench.event({ kind: "changed", slice: slice("b", [endpoint("c-1")]) }).at(900_000);
    expect(bench.kinds).toEqual([]);
  });

  test("are read before anything is decided after blindness", () => {
    const both = [slice("a", [endpoint("c-0")]), slice("b", [endpoint("c-1")])] as const;
    const bench = new Bench(LEFT).list(...both).at(100_000);
    bench
      .event({ kind: "changed", slice: slice("b", []) })
      .at(110_000)
      .blind(105_000)
      .at(500_000)
      .list(...both)
      .at(900_000);
    expect(bench.said.filter(({ kind }) => kind === "change")).toEqual([]);
  });
});

test("A ring that leaves the scope of its rule by a label is not decided about any more", () => {
  const byLabel = LEFT.replace("service: cassandra", "labels: { tier: storage }");
  const labelled = { serviceLabels: { tier: "storage" } };
  const bench = new Bench(byLabel).list(slice("a", [endpoint("c-0"), endpoint("c-1")], labelled)).at(100_000);
  bench.event({ kind: "changed", slice: slice("a", [endpoint("c-0")], labelled) }).at(105_000);
  bench.event({ kind: "changed", slice: slice("a", [endpoint("c-0")]) }).at(900_000);
  expect(bench.kinds).toEqual([]);
});

test("Of two holds that end at one moment the rule that speaks for the other is asked first", () => {
  const bench = new Bench(`
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, for: 20s, suppressedBy: [down] }
  - { name: down, ring: { namespace: data, service: cassandra }, when: { noneReady: true }, for: 10s }`);
  bench.list(slice("a", [endpoint("c-0")])).at(10_000);
  expect(
    bench
      .pods()
      .at(20_000)
      .said.map(({ rule }) => rule),
  ).toEqual(["down"]);
});

test("A log that cannot be written loses no notice", () => {
  const bench = new Bench(QUORUM).list(slice("a", [endpoint("c-0")]));
  bench.said.push = () => {
    throw new Error("no space left on device");
  };
  bench.at(30_000);
  expect(bench.outbox.owed).toBe(1);
});
