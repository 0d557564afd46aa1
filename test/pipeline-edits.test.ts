import { beforeEach, describe, expect, test } from "vitest";
import type { Notice } from "../src/alerts/notice.ts";
import type { Silence } from "../src/alerts/silence.ts";
import type { NamespaceRecord } from "../src/cluster/decode-namespace.ts";
import { planObjects } from "../src/cluster/object-plan.ts";
import type { Slice, SliceEvent } from "../src/cluster/slice.ts";
import { planWatches } from "../src/cluster/watch-plan.ts";
import { destinationKinds } from "../src/destinations/registry.ts";
import { Outbox } from "../src/outbox/outbox.ts";
import { Pipeline, type Plan } from "../src/pipeline.ts";
import { formatProblems } from "../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../src/rules/load-rules.ts";
import { objectTargets, selectorTargets } from "../src/rules/selector.ts";
import { silentLogger } from "../src/runtime/logger.ts";
import { VirtualClock } from "../src/runtime/virtual-clock.ts";
import { MemoryStore } from "../src/state/memory-store.ts";
import type { Commit } from "../src/state/store.ts";
import { endpoint, slice } from "./support/slices.ts";

let clock: VirtualClock;
let store: Disk;

beforeEach(() => {
  clock = new VirtualClock(0);
  store = new Disk();
});

function load(text: string): RulesFile {
  const loaded = loadRules(`version: 1\n${text}`, "rules.yaml", destinationKinds);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  return loaded.file;
}

function planOf({ rules }: RulesFile): Plan {
  return {
    scopes: planWatches(rules.flatMap((rule) => selectorTargets(rule))),
    objects: planObjects(rules.flatMap((rule) => objectTargets(rule))),
  };
}

/** A disk that may be full. */
class Disk extends MemoryStore {
  isFull = false;
  override commit(commit: Commit) {
    if (this.isFull) throw new Error("database or disk is full");
    return super.commit(commit);
  }
}

/** A pipeline for a whole rules file, as after a start. */
class Stage {
  readonly outbox = new Outbox();
  readonly notices: Notice[] = [];
  readonly pipeline: Pipeline;
  readonly #plan: Plan;
  #file: RulesFile;

  constructor(text: string) {
    this.#file = load(text);
    this.#plan = planOf(this.#file);
    this.pipeline = new Pipeline({
      file: this.#file,
      plan: this.#plan,
      store,
      outbox: this.outbox,
      clock,
      logger: silentLogger,
      retryForMs: (name) => (this.#file.destinations.has(name) ? 900_000 : undefined),
      defer: (work) => work(),
      soon: (work) => work(),
      onAccepted: () => undefined,
      onNotice: (notice) => this.notices.push(notice),
    });
    this.pipeline.start();
  }

  /** As `ringbell run` does when the file was edited. */
  edit(text: string): this {
    this.#file = load(text);
    this.pipeline.dropDestinations();
    this.pipeline.replaceRules(this.#file, planOf(this.#file));
    return this;
  }

  event(event: SliceEvent): this {
    const [scope] = this.#plan.scopes;
    if (!scope) throw new Error("the rules watch nothing");
    this.pipeline.onEvent(scope, event);
    this.pipeline.onBatchEnd();
    return this;
  }

  list(...slices: Slice[]): this {
    return this.event({ kind: "listed", slices });
  }

  gone(): this {
    return this.event({ kind: "deleted", key: "data/a" });
  }

  /** What the watch of namespaces says of `data`; undefined: it is gone. */
  namespace(labels: Record<string, string> | undefined): this {
    const [scope] = this.#plan.objects;
    if (!scope) throw new Error("the rules watch no namespaces");
    const last: NamespaceRecord = {
      kind: "Namespace",
      key: "data",
      namespace: undefined,
      name: "data",
      uid: "n",
      labels: labels ?? {},
    };
    this.pipeline.onObjects(
      scope,
      labels === undefined ? { kind: "deleted", key: "data", last } : { kind: "listed", objects: [last] },
    );
    this.pipeline.onBatchEnd();
    return this;
  }

  blind(): this {
    const [scope] = this.#plan.scopes;
    if (scope) this.pipeline.onBlind(scope, clock.now(), "HTTP 503");
    return this;
  }

  at(ms: number): this {
    clock.advanceTo(ms);
    return this;
  }

  restart(text: string): Stage {
    this.pipeline.close();
    return new Stage(text);
  }

  /** `fire quorum to hook`: what was owed to whom, delivered or not. */
  get owed(): string[] {
    return [...this.outbox.deliveries()]
      .toSorted((a, b) => a.sequence - b.sequence)
      .map(({ notice, destination }) => `${notice.kind} ${notice.rule} to ${destination}`);
  }

  get said(): string[] {
    return this.notices.map(({ kind, rule, alert }) => [kind, rule, alert?.reason].filter(Boolean).join(" "));
  }
}

const SILENCE: Silence = {
  id: "s1",
  matchers: [{ name: "destination", value: "hook" }],
  author: "a",
  reason: "r",
  startsAtMs: 0,
  endsAtMs: 3_600_000,
  createdAtMs: 0,
};

const HOOK = 'webhook: { url: "http://127.0.0.1:9/" }';
const one = slice("a", [endpoint("c-0")]);
const two = slice("a", [endpoint("c-0"), endpoint("c-1")]);

describe("A destination that hears of alerts in groups", () => {
  const rules = (more = "") => `
destinations: { hook: { ${HOOK}, group: { by: [], wait: 30s } } }
defaults: { notify: [hook] }
selfNotify: [hook]
rules:
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 } }${more}`;

  test("hears of blindness while nothing else happens", () => {
    const stage = new Stage(rules()).list(two).at(10_000).blind().at(39_999);
    expect(stage.owed).toEqual([]);
    expect(stage.at(40_000).owed).toEqual(["fire group/all to hook"]);
  });

  test("hears of what waited when it is to hear of alerts one by one, and of its end in the same group", () => {
    const single = rules().replace(", group: { by: [], wait: 30s }", "");
    const stage = new Stage(rules()).list(one).at(10_000).edit(single);
    expect(stage.owed).toEqual(["fire group/all to hook"]);
    const after = stage.restart(single).list(one).at(20_000).list(two);
    expect(after.owed).toEqual(["fire group/all to hook", "resolve group/all to hook"]);
  });

  test("hears of what fired while nothing could be stored, once, and a silence of then is stored", () => {
    const stage = new Stage(rules()).list(two).at(10_000);
    store.isFull = true;
    stage.list(one).at(60_000);
    stage.pipeline.addSilence({ ...SILENCE, id: "s2", matchers: [{ name: "rule", value: "none" }] });
    expect([stage.owed, store.load().alerts, store.load().silences]).toEqual([[], [], []]);
    store.isFull = false;
    expect(stage.at(62_000).owed).toEqual(["fire group/all to hook"]);
    expect(store.load().silences).toMatchObject([{ id: "s2" }]);
    expect(stage.restart(rules()).list(one).at(900_000).owed).toEqual(["fire group/all to hook"]);
  });

  test("hears of blindness over a restart", () => {
    const stage = new Stage(rules()).list(two).at(10_000).blind();
    expect(stage.restart(rules()).at(40_000).owed).toEqual(["fire group/all to hook"]);
  });
});

describe("Labels of namespaces that are not known", () => {
  const rules = `
destinations: { hook: { ${HOOK} } }
defaults: { notify: [hook] }
rules:
  - { name: few, ring: { namespace: "*", namespaceLabels: { env: prod }, service: cassandra }, when: { readyBelow: 2 }, for: 30s }`;
  const fired = () => new Stage(rules).namespace({ env: "prod" }).list(one).at(30_000);

  test("keep what has fired as it is, until they are known", () => {
    const after = fired().restart(rules).list(two).at(900_000);
    expect(after.said).toEqual([]);
    expect(after.namespace({ env: "prod" }).said).toEqual(["resolve few 2 of 2 ready, wanted at least 2"]);
  });

  test("end what has fired when they turn out to be others", () => {
    const after = fired().restart(rules).list(one).at(40_000);
    expect(after.said).toEqual([]);
    expect(after.namespace({ env: "dev" }).said).toEqual(["resolve few removed"]);
  });

  test("end what has fired when the Service goes after its namespace", () => {
    const stage = fired().namespace(undefined);
    expect(stage.said).toHaveLength(1);
    expect(stage.gone().said[1]).toBe("resolve few removed");
  });

  test("let no hold run out", () => {
    const stage = new Stage(rules).namespace({ env: "prod" }).list(one).at(10_000).namespace(undefined);
    expect(stage.at(900_000).said).toEqual([]);
    expect(stage.namespace({ env: "prod" }).said).toHaveLength(1);
  });
});

describe("A rule by a glob on a Service that is missing", () => {
  const missing = (service = '"cass*"') => `
  - { name: gone, ring: { namespace: data, service: ${service} }, when: { missing: true } }`;
  const rules = (...list: string[]) => `
destinations: { hook: { ${HOOK} } }
defaults: { notify: [hook] }
rules:
  - { name: other, ring: { namespace: data, service: "k*" }, when: { noneReady: true } }${list.join("")}`;

  test.each(["in process", "with restarts"])("fires when it comes back after the Service went, %s", (how) => {
    let stage = new Stage(rules(missing())).list(one);
    const edit = (text: string): Stage =>
      (stage = (how === "in process" ? stage.edit(text) : stage.restart(text)).at(clock.now() + 1000));
    edit(rules());
    if (how === "in process") stage.gone();
    else stage.list();
    edit(rules(missing())).list();
    expect(stage.said).toEqual(["fire gone Service missing"]);
  });

  test("says nothing when it comes back and the Service is there", () => {
    const stage = new Stage(rules(missing())).list(one).edit(rules()).edit(rules(missing())).list(one);
    expect(stage.said).toEqual([]);
  });

  test("ends at once what it has fired for a ring that an edit takes out before the first list", () => {
    const fired = new Stage(rules(missing())).list(one).gone();
    expect(fired.said).toEqual(["fire gone Service missing"]);
    const after = fired.restart(rules(missing())).edit(rules(missing('"z*"')));
    expect(after.said).toEqual(["resolve gone removed"]);
  });
});

describe("Who is not told yet", () => {
  const rules = (notify: string, destinations: string) => `
destinations: { ${destinations} }
muteWindows: { nights: { days: [thu], from: "00:00", to: "01:00", timeZone: UTC } }
defaults: { notify: [${notify}] }
rules:
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, mute: [nights] }`;

  test("is told under the new name of its destination", () => {
    const stage = new Stage(rules("hook", `hook: { ${HOOK} }`)).list(one).at(10_000);
    expect(stage.owed).toEqual([]);
    stage.edit(rules("bell", `bell: { ${HOOK} }`)).at(3_600_000);
    expect(stage.owed).toEqual(["fire few to bell"]);
  });

  test("is not told when the rule does not ask for it any more", () => {
    const both = `hook: { ${HOOK} }, bell: { ${HOOK} }`;
    const stage = new Stage(rules("hook, bell", both)).list(one).at(10_000);
    stage.edit(rules("hook", `hook: { ${HOOK} }`)).at(3_600_000);
    expect(stage.owed).toEqual(["fire few to hook"]);
  });
});

test("The end of what a destination heard is not owed to it when it is gone", () => {
  const rules = (destinations: string, notify: string) => `
destinations: { ${destinations} }
rules:
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, notify: [${notify}] }`;
  const stage = new Stage(rules(`hook: { ${HOOK} }, bell: { ${HOOK} }`, "hook, bell")).list(one);
  stage.edit(rules(`bell: { ${HOOK} }`, "bell")).list(two);
  expect(stage.owed).toEqual(["fire few to bell", "resolve few to bell"]);
});

describe("A change that waits for the end of a silence of its destination", () => {
  const rules = `
destinations: { hook: { ${HOOK} } }
rules:
  - { name: left, ring: { namespace: data, service: cassandra }, on: [left], settle: 1s, notify: [hook] }`;
  test("is told at once when its mute window is taken out of the rules file", () => {
    const nights = 'muteWindows: { nights: { days: [thu], from: "00:00", to: "01:00", timeZone: UTC } }';
    const muted = rules.replace(
      "destinations: { hook: {",
      `${nights}\ndestinations: { hook: { mute: [nights],`,
    );
    const stage = new Stage(muted).list(two).at(10_000).list(one).at(20_000);
    expect(stage.outbox.nextDueMs("hook")).toBe(3_600_000);
    expect(stage.edit(rules).outbox.nextDueMs("hook")).toBe(20_000);
  });

  test("is told at once when the silence is ended", () => {
    const stage = new Stage(rules).list(two).at(10_000);
    stage.pipeline.addSilence(SILENCE);
    stage.list(one).at(20_000);
    expect(stage.outbox.nextDueMs("hook")).toBe(3_600_000);
    stage.pipeline.expireSilence("s1");
    expect(stage.outbox.nextDueMs("hook")).toBe(20_000);
    expect(store.load().deliveries).toMatchObject([{ nextAtMs: 20_000 }]);
  });
});

test("A Service that comes back without the label is not judged by the rule that asks for it", () => {
  const rules = `
destinations: { hook: { ${HOOK} } }
rules:
  - { name: few, ring: { namespace: data, labels: { tier: storage } }, when: { readyBelow: 2 }, notify: [hook] }`;
  const labelled = slice("a", [endpoint("c-0")], { serviceLabels: { tier: "storage" } });
  const after = new Stage(rules).list(labelled).restart(rules).list();
  expect(after.said).toEqual(["resolve few removed"]);
  expect(after.list(one).at(900_000).said).toHaveLength(1);
  expect(after.list(labelled).said[1]).toMatch(/^fire few/);
});

describe("State as version 1 wrote it", () => {
  const rule = (name: string, rest: string) =>
    `  - { name: ${name}, ring: { namespace: data, service: cassandra }, ${rest} }\n`;
  const rules = `
destinations: { hook: { ${HOOK} } }
defaults: { notify: [hook] }
rules:
${rule("fired", 'when: { readyBelow: "60%" }, for: 30s, repeat: 5m, damping: { changes: 4, within: 10m }')}
${rule("each", "when: { noneReady: true }, each: member, for: 30s")}
${rule("waits", "when: { readyBelow: 5 }, for: 30s")}
${rule("left", "on: [left], settle: 10s, cooldown: 1m")}`;
  const told = { notify: ["hook"], severity: "warning" } as const;
  const at = { ring: "data/cassandra" };

  test("goes on: what fired resolves, what waited fires in time, and a change is told with the next generation", () => {
    const firing = { kind: "firing", sinceMs: 0, firedAtMs: 30_000, told } as const;
    store.commit({
      alerts: [
        { ...at, rule: "fired", episode: 3, phase: firing },
        { ...at, rule: "each", episode: 1, phase: firing },
        { ...at, rule: "waits", episode: 0, phase: { kind: "pending", sinceMs: 80_000 } },
      ],
    });
    clock.advanceTo(100_000);
    const stage = new Stage(rules).list(two).at(900_000);
    expect(stage.notices.map(({ kind, rule, alert }) => [kind, rule, alert?.episode, alert?.since])).toEqual([
      ["resolve", "fired", 3, new Date(0).toISOString()],
      ["resolve", "each", 1, new Date(0).toISOString()],
      ["fire", "waits", 1, new Date(80_000).toISOString()],
    ]);
    expect(stage.notices[2]?.time).toBe(new Date(110_000).toISOString());
  });
});

test("What could not be sent to a destination that is gone by then is a dead letter, and not owed for ever", () => {
  const rules = (name: string) => `
destinations: { ${name}: { ${HOOK} } }
rules:
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, notify: [${name}] }`;
  const stage = new Stage(rules("hook")).list(one);
  const sent = stage.outbox.take("hook", 0);
  if (!sent) throw new Error("nothing is owed");
  stage.edit(rules("bell"));
  const retry = { kind: "retry", reason: "timeout" } as const;
  stage.pipeline.onSettled(stage.outbox.settle(sent, retry, 1, 0, () => 0.5));
  expect(stage.outbox.owed).toBe(0);
  expect(store.load().deliveries).toEqual([]);
  expect(store.ended()).toMatchObject([{ end: { kind: "dead", reason: "destinationRemoved" } }]);
});

test("Without an answer about Pods and workloads rings are decided after ten seconds", () => {
  const stage = new Stage(`
destinations: { hook: { ${HOOK} } }
rules:
  - { name: few, ring: { namespace: data, service: cassandra }, when: { readyBelow: 2 }, reasons: true, notify: [hook] }`);
  stage.list(one).at(9_999);
  expect(stage.said).toEqual([]);
  expect(stage.at(10_000).said).toEqual(["fire few 1 of 1 ready, wanted at least 2"]);
});
