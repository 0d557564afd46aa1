import { expect, test } from "vitest";
import { System } from "../support/system.ts";
import { before } from "./recorded.ts";

const QUORUM =
  "  - { name: quorum, ring: { namespace: lab, service: web }, when: { readyBelow: 9 }, for: 1m }\n";
const MISSING = "  - { name: missing, ring: { namespace: lab, service: kafka }, when: { missing: true } }\n";
const BY_GLOB = '  - { name: any, ring: { namespace: lab, service: "k*" }, when: { noneReady: true } }\n';

async function started(rules: string): Promise<System> {
  const system = await System.start();
  system.api.store.seed(before("rolling-restart", "endpointslices"));
  await system.run(rules);
  return system;
}

test("a reload keeps the watches that stay, and ends those that nobody needs", async () => {
  await using system = await started(QUORUM + MISSING);
  const kept = system.api.openWatches().find(({ url }) => url.includes("web"));
  await system.reload(QUORUM);
  expect(system.api.openWatches().map(({ id }) => id)).toEqual([kept?.id]);
});

test("a reload in the middle of a hold does not begin it anew", async () => {
  await using system = await started(QUORUM);
  await system.pass(30_000);
  await system.reload(QUORUM + MISSING);
  await system.pass(30_000);
  expect(system.notices.map(({ rule, atSeconds }) => [rule, atSeconds])).toEqual([
    ["missing", 30],
    ["quorum", 60],
  ]);
});

test("a rule for a Service that the watch of all Services had left out sees it as it is", async () => {
  await using system = await started(BY_GLOB);
  await system.reload(BY_GLOB + QUORUM);
  await system.pass(90_000);
  // Its five Pods, not the missing Service that the watch had left of it.
  expect(system.notices).toMatchObject([
    { rule: "quorum", kind: "fire", counts: { ready: 5 }, ring: { present: true } },
  ]);
});

test("a restart with a rule less tells the end of what it had fired, at once", async () => {
  await using system = await started(QUORUM + MISSING);
  await system.pass(60_000);
  await system.stop();
  await system.run(MISSING);
  expect(system.notices.map(({ rule, kind, alert }) => [rule, kind, alert?.reason])).toEqual([
    ["missing", "fire", "Service missing"],
    ["quorum", "fire", "5 of 5 ready, wanted at least 9"],
    ["quorum", "resolve", "rule removed"],
  ]);
});
