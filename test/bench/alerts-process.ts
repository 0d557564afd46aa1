/** The process that is measured for alerts: what holding many costs, and what judging one ring beside many others does. */
import { AlertBook } from "../../src/alerts/alert-book.ts";
import { OPEN_SURROUNDINGS } from "../../src/alerts/surroundings.ts";
import type { Member, Ring } from "../../src/ring/ring.ts";
import { buildRule } from "../../src/rules/build-rule.ts";
import type { Rule } from "../../src/rules/rule.ts";
import { serveParent } from "./child.ts";
import { type Results, round } from "./measurement.ts";

const NOTHING = { title: undefined, message: undefined, labels: {}, when: undefined };
const CHANGES = 20_000;

serveParent(() => {
  // The first run compiles.
  changeCost(10, 10);
  const answer: Results["alerts"] = {
    pendingHeapMiB: round(pendingHeap(10_000, 10), 1),
    microsByRings: [10, 100, 1_000, 10_000].map((count) => round(changeCost(count, 10), 2)),
    microsByRules: [10, 100, 1_000].map((count) => round(changeCost(10, count), 2)),
  };
  return Promise.resolve(answer);
});

function pendingHeap(rings: number, rulesEach: number): number {
  const before = heapMiB();
  const rules = Array.from({ length: rulesEach }, (_, index) => rule(`rule-${index}`, "*"));
  const book = makeBook(rules);
  for (let index = 0; index < rings; index++) book.onRing(ring(index, false), 0);
  book.takeDecisions();
  const pending = book.countAlerts().pending;
  if (pending !== rings * rulesEach) throw new Error(`${pending} alerts are pending`);
  const after = heapMiB();
  // The book must live until here.
  return book.nextDeadlineMs() === undefined ? Number.NaN : after - before;
}

/** One ring changes, which one rule selects; the others stand still. */
function changeCost(rings: number, others: number): number {
  const rules = [
    rule("own", "svc-0"),
    ...Array.from({ length: others }, (_, index) => rule(`other-${index}`, `other-${index}`)),
  ];
  const book = makeBook(rules);
  for (let index = 0; index < rings; index++) book.onRing(ring(index, true), 0);
  const states = [ring(0, false), ring(0, true)];
  let bestUs = Infinity;
  for (let round = 0; round < 7; round++) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < CHANGES; index++) book.onRing(states[index % 2] ?? ring(0, true), index);
    bestUs = Math.min(bestUs, Number(process.hrtime.bigint() - start) / 1000 / CHANGES);
    book.takeDecisions();
  }
  return bestUs;
}

function makeBook(rules: readonly Rule[]): AlertBook {
  return new AlertBook({
    rules,
    stored: { alerts: [], baselines: [] },
    nowMs: 0,
    mayDecide: () => true,
    surroundings: OPEN_SURROUNDINGS,
    namespaceLabels: () => undefined,
  });
}

function rule(name: string, service: string): Rule {
  const when = { readyBelow: { kind: "count", count: 3 } };
  return buildRule(
    { name, ring: { namespace: "data", service }, when, for: 3_600_000, notify: ["hook"] },
    {},
    NOTHING,
  );
}

function ring(index: number, isReady: boolean): Ring {
  const members = Array.from({ length: 3 }, (_, ordinal): Member => {
    const name = `svc-${index}-${ordinal}`;
    return {
      key: `data/${name}`,
      name,
      uid: `uid-${name}`,
      addresses: [`10.${index >> 8}.${index & 255}.${ordinal}`],
      zone: "eu-1a",
      node: `node-${index % 100}`,
      ready: isReady,
      serving: isReady,
      terminating: false,
    };
  });
  const service = `svc-${index}`;
  const key = `data/${service}`;
  return {
    key,
    source: "endpointslices",
    namespace: "data",
    service,
    present: true,
    labels: {},
    members,
    truncated: false,
  };
}

function heapMiB(): number {
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}
