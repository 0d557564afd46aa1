import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isGlob, matchesGlob } from "../../src/rules/glob.ts";
import { matchesRing, namesExactly, selectorTargets } from "../../src/rules/selector.ts";
import type { RingSelector } from "../../src/rules/rule.ts";

const selector = (namespaces: string[], services: string[] = [], labels = {}): RingSelector => ({
  namespaces,
  services,
  labels,
});
const ring = { namespace: "data", service: "cassandra", labels: { tier: "storage", app: "db" } };

describe("matchesGlob", () => {
  test.each([
    ["cassandra", "cassandra", true],
    ["cassandra", "cassandra-2", false],
    ["cassandra-2", "cassandra", false],
    ["*", "", true],
    ["*", "anything", true],
    ["?", "", false],
    ["?", "a", true],
    ["?", "ab", false],
    ["a*", "a", true],
    ["*-api", "shop-api", true],
    ["*-api", "shop-api-2", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["*?*", "", false],
    ["a.c", "abc", false],
    ["", "", true],
    ["", "a", false],
  ])("%j on %j: %j", (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });

  test("agrees with a regular expression on short names", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
    const name = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, name, (p, n) => {
        const regex = new RegExp(`^${p.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(matchesGlob(p, n)).toBe(regex.test(n));
      }),
      { numRuns: 1000 },
    );
  });

  test("takes no exponential time on patterns made for backtracking", () => {
    const start = performance.now();
    expect(matchesGlob(`${"*a".repeat(500)}b`, "a".repeat(2000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });

  test("calls a pattern with * or ? a glob", () => {
    expect(["a", "a*", "a?"].map(isGlob)).toEqual([false, true, true]);
  });
});

describe("matchesRing", () => {
  test("selects by exact name, by glob and by list", () => {
    expect(matchesRing(selector(["data"], ["cassandra"]), ring)).toBe(true);
    expect(matchesRing(selector(["d*"], ["kafka", "cass*"]), ring)).toBe(true);
    expect(matchesRing(selector(["data"], ["kafka"]), ring)).toBe(false);
    expect(matchesRing(selector(["shop"], ["cassandra"]), ring)).toBe(false);
  });

  test("takes empty lists for all", () => {
    expect(matchesRing(selector([]), ring)).toBe(true);
  });

  test("wants every label", () => {
    expect(matchesRing(selector([], [], { tier: "storage", app: "db" }), ring)).toBe(true);
    expect(matchesRing(selector([], [], { tier: "storage", app: "web" }), ring)).toBe(false);
    expect(matchesRing(selector([], [], { missing: "x" }), ring)).toBe(false);
  });
});

describe("namesExactly", () => {
  test("is true only for names without glob and label", () => {
    expect(namesExactly(selector(["data", "shop"], ["cassandra"]), ring)).toBe(true);
    expect(namesExactly(selector(["data"], ["cass*"]), ring)).toBe(false);
    expect(namesExactly(selector(["*"], ["cassandra"]), ring)).toBe(false);
    expect(namesExactly(selector(["data"]), ring)).toBe(false);
    expect(namesExactly(selector(["data"], ["cassandra"], { app: "db" }), ring)).toBe(false);
  });

  test("counts an exact name beside a glob", () => {
    expect(namesExactly(selector(["data"], ["kafka*", "cassandra"]), ring)).toBe(true);
  });
});

describe("selectorTargets", () => {
  const targets = (ring: RingSelector): string[] =>
    selectorTargets({ source: "endpoints", ring }).map(
      (t) => `${t.source} ${t.namespace ?? "all"}/${t.service ?? "all"}`,
    );

  test("names each Service once for exact names", () => {
    expect(targets(selector(["a", "b", "a"], ["x", "y"]))).toEqual([
      "endpoints a/x",
      "endpoints a/y",
      "endpoints b/x",
      "endpoints b/y",
    ]);
  });

  test("names the namespace when a Service is a glob, or not said", () => {
    expect(targets(selector(["a"], ["x", "y*"]))).toEqual(["endpoints a/all"]);
    expect(targets(selector(["a"], [], { tier: "storage" }))).toEqual(["endpoints a/all"]);
  });

  test("names all namespaces only when a namespace is a glob, or all are asked for", () => {
    expect(targets(selector(["a", "b*"], ["x"]))).toEqual(["endpoints all/x"]);
    expect(targets(selector([]))).toEqual(["endpoints all/all"]);
  });
});
