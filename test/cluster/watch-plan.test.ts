import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  planWatches,
  type Scope,
  scopeCovers,
  scopeRequest,
  type WatchTarget,
} from "../../src/cluster/watch-plan.ts";

/** `namespace/service`, with `*` for all, as a target of EndpointSlices or of the given source. */
function target(text: string, source: WatchTarget["source"] = "endpointslices"): WatchTarget {
  const [namespace, service] = text.split("/").map((part) => (part === "*" ? undefined : part));
  return { source, namespace, service };
}

function ids(...targets: WatchTarget[]): string[] {
  return planWatches(targets).map(({ id }) => id);
}

function singles(count: number, source?: WatchTarget["source"]): WatchTarget[] {
  return Array.from({ length: count }, (_, n) => target(`data/s${String(n).padStart(3, "0")}`, source));
}

/** Whether the scope would show all that the target wants, of which these are samples. */
function covers(scope: Scope, { source, namespace, service }: WatchTarget): boolean {
  return scope.source === source && scopeCovers(scope, namespace ?? "any", service ?? "any");
}

describe("planning watches", () => {
  test("nothing wanted is nothing watched", () => {
    expect(planWatches([])).toEqual([]);
  });

  test("one Service is watched alone", () => {
    expect(planWatches([target("data/web"), target("data/web")])).toEqual([
      { id: "endpointslices:data/web", source: "endpointslices", namespace: "data", services: ["web"] },
    ]);
  });

  test("a namespace swallows its Services, but not those of others or of the other source", () => {
    expect(
      ids(target("data/web"), target("data/*"), target("app/web"), target("data/web", "endpoints")),
    ).toEqual(["endpointslices:app/web", "endpointslices:data/*", "endpoints:data/web"]);
  });

  test("a namespace named after its Services swallows them too", () => {
    expect(ids(target("data/*"), target("data/web"))).toEqual(["endpointslices:data/*"]);
  });

  test("all namespaces swallow everything of their source", () => {
    expect(
      ids(target("data/web"), target("*/web"), target("data/*"), target("*/*"), target("a/b", "endpoints")),
    ).toEqual(["endpointslices:*/*", "endpoints:a/b"]);
  });

  test("a Service name in all namespaces swallows that Service everywhere", () => {
    expect(ids(target("data/web"), target("*/web"), target("data/db"))).toEqual([
      "endpointslices:*/web",
      "endpointslices:data/db",
    ]);
  });

  test("20 Services of a namespace are watched each for itself, 21 together", () => {
    expect(planWatches(singles(20))).toHaveLength(20);
    const [scope, ...more] = planWatches(singles(21));
    expect([scope?.services?.length, more.length]).toEqual([21, 0]);
    expect(scope?.id).toMatch(/^endpointslices:data\/s000\+20#[0-9a-f]{8}$/);
  });

  test("Endpoints are never folded: a field selector takes one name", () => {
    expect(planWatches(singles(21, "endpoints"))).toHaveLength(21);
  });

  test("folded scopes keep their URLs short and lose no Service", () => {
    const names = Array.from({ length: 300 }, (_, n) => `${"x".repeat(60)}${n}`);
    const scopes = planWatches(names.map((name) => target(`data/${name}`)));
    expect(scopes.length).toBeGreaterThan(1);
    expect(scopes.flatMap(({ services }) => services ?? []).sort()).toEqual(names.sort());
    for (const scope of scopes) {
      expect(encodeURIComponent(scopeRequest(scope).labelSelector ?? "").length).toBeLessThan(3100);
    }
    expect(new Set(scopes.map(({ id }) => id)).size).toBe(scopes.length);
  });

  test("a Service name in all namespaces and a whole namespace overlap, and become one", () => {
    expect(ids(target("*/web"), target("data/*"), target("app/db"))).toEqual(["endpointslices:*/*"]);
  });

  const part = fc.constantFrom("a", "b", "*");
  const targets = fc.array(
    fc
      .tuple(part, part, fc.constantFrom("endpointslices", "endpoints"))
      .map(([n, s, source]) => target(`${n}/${s}`, source)),
  );

  test("covers each target with just one scope, and none is wider than every target", () => {
    fc.assert(
      fc.property(targets, (wanted) => {
        const scopes = planWatches(wanted);
        for (const each of wanted) expect(scopes.filter((scope) => covers(scope, each))).toHaveLength(1);
        for (const { source, namespace, services } of scopes) {
          const mine = wanted.filter((each) => each.source === source);
          expect(mine.some((each) => each.namespace === undefined) || namespace !== undefined).toBe(true);
          expect(mine.some((each) => each.service === undefined) || services !== undefined).toBe(true);
        }
      }),
    );
  });

  test("does not depend on the order of the targets", () => {
    fc.assert(
      fc.property(targets, fc.infiniteStream(fc.nat()), (wanted, order) => {
        const shuffled = wanted
          .map((each) => ({ each, at: order.next().value as number }))
          .sort((x, y) => x.at - y.at);
        expect(planWatches(shuffled.map(({ each }) => each))).toEqual(planWatches(wanted));
      }),
    );
  });
});

describe("asking for a scope", () => {
  test.each([
    [target("*/*"), { path: "/apis/discovery.k8s.io/v1/endpointslices" }],
    [target("data/*"), { path: "/apis/discovery.k8s.io/v1/namespaces/data/endpointslices" }],
    [
      target("data/web"),
      {
        path: "/apis/discovery.k8s.io/v1/namespaces/data/endpointslices",
        labelSelector: "kubernetes.io/service-name=web",
      },
    ],
    [target("*/*", "endpoints"), { path: "/api/v1/endpoints" }],
    [target("data/*", "endpoints"), { path: "/api/v1/namespaces/data/endpoints" }],
    [
      target("data/web", "endpoints"),
      { path: "/api/v1/namespaces/data/endpoints", fieldSelector: "metadata.name=web" },
    ],
  ])("%j", (wanted, request) => {
    expect(planWatches([wanted]).map(scopeRequest)).toEqual([request]);
  });

  test("several Services in one selector", () => {
    const scope: Scope = { id: "x", source: "endpointslices", namespace: "data", services: ["a", "b"] };
    expect(scopeRequest(scope).labelSelector).toBe("kubernetes.io/service-name in (a,b)");
  });
});
