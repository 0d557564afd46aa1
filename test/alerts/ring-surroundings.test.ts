import { expect, test } from "vitest";
import { RingSurroundings } from "../../src/alerts/ring-surroundings.ts";
import { type ObjectKind, type ObjectScope, planObjects } from "../../src/cluster/object-plan.ts";
import type { Member, Ring } from "../../src/ring/ring.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";
import { recordOf } from "../support/book-stage.ts";
import { pod, statefulSet } from "../support/workloads.ts";

const PLAN = planObjects([{ need: "workloads", namespace: "data" }]);
const scopeOf = (kind: ObjectKind): ObjectScope => PLAN.find((scope) => scope.kind === kind) as ObjectScope;

function member(key: string): Member {
  const name = key.slice(key.indexOf("/") + 1);
  const readiness = { ready: true, serving: true, terminating: false };
  return {
    key,
    name,
    uid: `${name}-uid`,
    addresses: ["10.0.0.1"],
    zone: undefined,
    node: undefined,
    ...readiness,
  };
}

function ring(key: string, ...members: string[]): Ring {
  const [namespace = "", service = ""] = key.split("/");
  return {
    key,
    source: "endpointslices",
    namespace,
    service,
    present: true,
    labels: {},
    members: members.map(member),
    truncated: false,
  };
}

function stage() {
  let nowMs = 1_000_000;
  const around = new RingSurroundings(PLAN, () => nowMs);
  const tell = (object: ApiObject): string[] => {
    const record = recordOf(object);
    return around
      .apply(scopeOf(record.kind), { kind: "changed", object: record })
      .map(({ source, ring: key }) => `${source} ${key}`);
  };
  return { around, tell, pass: (ms: number) => (nowMs += ms) };
}

test("knows nothing where nothing is watched", () => {
  const { around } = stage();
  const shop = ring("shop/web", "shop/web-0");
  expect(around.whyLeft(member("shop/web-1"), shop, 0)).toBeUndefined();
  expect([around.desired(shop), around.rolloutSinceMs(shop)]).toEqual([undefined, undefined]);
});

test("knows of a ring what its Pods and their workloads tell", () => {
  const { around, tell, pass } = stage();
  tell(statefulSet("db", 2, {}, { updateRevision: "b" }));
  tell(pod("db-0", "StatefulSet/db"));
  pass(500);
  const db = ring("data/db", "data/db-0");
  expect([around.desired(db), around.rolloutSinceMs(db)]).toEqual([2, 1_000_000]);
  expect(around.whyLeft(member("data/db-2"), db, 1_000_500)?.reason).toBe("scaledDown");
  expect(around.whyLeft(member("data/db-1"), db, 1_000_500)?.reason).toBe("unknown");
});

test("looks at how the ring still lists the member", () => {
  const { around } = stage();
  const db = ring("data/db", "data/db-0");
  const unready: Ring = { ...db, members: [{ ...member("data/db-0"), ready: false, serving: false }] };
  expect(around.whyLeft(member("data/db-0"), unready, 0)?.reason).toBe("unready");
});

test("names the rings to be judged again: those of the workload, and after a list all in its namespace", () => {
  const { around, tell } = stage();
  tell(statefulSet("db", 2));
  tell(pod("db-0", "StatefulSet/db"));
  around.desired(ring("data/db", "data/db-0"));
  around.desired(ring("data/other"));
  around.desired(ring("shop/web"));
  expect(tell(statefulSet("db", 3))).toEqual(["endpointslices data/db"]);
  expect(tell(statefulSet("db", 3, {}, { readyReplicas: 1 }))).toEqual([]);
  const places = around.apply(scopeOf("Pod"), { kind: "listed", objects: [] });
  expect(places).toEqual([
    { source: "endpointslices", ring: "data/db" },
    { source: "endpointslices", ring: "data/other" },
  ]);
  around.forget("endpointslices", "data/db");
  expect(tell(statefulSet("db", 4))).toEqual([]);
  expect(around.apply(scopeOf("Pod"), { kind: "listed", objects: [] })).toHaveLength(1);
});

test("judges a ring again when more is heard of what it was only asked about why a member left", () => {
  const { around, tell } = stage();
  tell(statefulSet("db", 3));
  for (const name of ["db-0", "db-1", "db-2"]) tell(pod(name, "StatefulSet/db"));
  const two = ring("data/db", "data/db-0", "data/db-1");
  expect(around.whyLeft(member("data/db-2"), two, 0)?.reason).toBe("unknown");
  expect(tell(statefulSet("db", 2))).toEqual(["endpointslices data/db"]);
  expect(around.whyLeft(member("data/db-2"), two, 0)?.reason).toBe("scaledDown");
});

test("forgets what a new plan does not watch", () => {
  const { around, tell } = stage();
  tell(statefulSet("db", 2));
  tell(pod("db-0", "StatefulSet/db"));
  const db = ring("data/db", "data/db-0");
  expect(around.desired(db)).toBe(2);
  around.follow([]);
  expect([around.desired(db), around.whyLeft(member("data/db-5"), db, 0)]).toEqual([undefined, undefined]);
  around.follow(PLAN);
  expect(around.desired(db)).toBeUndefined();
  expect(around.whyLeft(member("data/db-5"), db, 0)?.reason).toBe("unknown");
});
