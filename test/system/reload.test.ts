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
  await system.reload(BY_GLOB + QUORUM.replace("readyBelow: 9 }, for: 1m", "noneReady: true }"));
  await system.pass(60_000);
  // Five Pods are ready: nothing to say, least of all that the Service is missing.
  expect(system.notices).toEqual([]);
});
