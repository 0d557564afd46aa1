import { expect, test } from "vitest";
import type { Reflector } from "../../src/cluster/reflector.ts";
import { planWatches, type Scope } from "../../src/cluster/watch-plan.ts";
import { WatchSet } from "../../src/cluster/watch-set.ts";

const plan = (...services: string[]): Scope[] =>
  planWatches(services.map((service) => ({ source: "endpointslices", namespace: "data", service })));

function watchSet(): { watches: WatchSet; log: string[] } {
  const log: string[] = [];
  const watches = new WatchSet((scope) => {
    log.push(`start ${scope.id}`);
    return { stop: async () => void log.push(`stop ${scope.id}`) } as Reflector;
  });
  return { watches, log };
}

test("a new plan starts what it adds, ends what it drops, and leaves alone what stays", async () => {
  const { watches, log } = watchSet();
  await watches.follow(plan("cassandra", "kafka"));
  log.length = 0;
  await watches.follow(plan("kafka", "redis"));
  expect(log).toEqual(["start endpointslices:data/redis", "stop endpointslices:data/cassandra"]);
  expect(watches.reflectors).toHaveLength(2);
});

test("the same plan again changes nothing", async () => {
  const { watches, log } = watchSet();
  await watches.follow(plan("cassandra"));
  await watches.follow(plan("cassandra"));
  expect(log).toEqual(["start endpointslices:data/cassandra"]);
});

test("stop() ends all watches", async () => {
  const { watches, log } = watchSet();
  await watches.follow(plan("cassandra", "kafka"));
  await watches.stop();
  expect(log.filter((line) => line.startsWith("stop"))).toHaveLength(2);
  expect(watches.reflectors).toEqual([]);
});
