import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isGlob, matchesGlob } from "../../src/rules/glob.ts";
import {
  matchesName,
  matchesRing as matchesRingIn,
  namesExactly,
  objectTargets,
  type SelectableRing,
  selectorTargets,
} from "../../src/rules/selector.ts";
import type { RingException, RingSelector } from "../../src/rules/rule.ts";

const selector = (
  namespaces: string[],
  services: string[] = [],
  labels = {},
  more: Partial<RingSelector> = {},
): RingSelector => ({ namespaces, services, labels, namespaceLabels: {}, except: [], ...more });
const except = (...exceptions: Partial<RingException>[]): Partial<RingSelector> => ({
  except: exceptions.map((exception) => ({ namespaces: [], services: [], labels: {}, ...exception })),
});
const matchesRing = (wanted: RingSelector, of: SelectableRing): boolean =>
  matchesRingIn(wanted, of, () => undefined);
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

describe("namespaceLabels", () => {
  const known: Record<string, Record<string, string>> = { data: { team: "a", tier: "1" }, bare: {} };
  const matches = (namespaceLabels: Record<string, string>, namespace = "data"): boolean =>
    matchesRingIn(selector([], [], {}, { namespaceLabels }), { ...ring, namespace }, (name) => known[name]);

  test("wants every pair among the labels of the ring's namespace", () => {
    expect(matches({ team: "a" })).toBe(true);
    expect(matches({ team: "a", tier: "1" })).toBe(true);
    expect(matches({ team: "b" })).toBe(false);
    expect(matches({ team: "a" }, "bare")).toBe(false);
  });

  test("does not match a namespace that is not known yet, and asks nothing where none are wanted", () => {
    expect(matches({ team: "a" }, "unknown")).toBe(false);
    expect(matches({}, "unknown")).toBe(true);
  });

  test("counts beside all else, and leaves the name a possible one", () => {
    const wanted = selector(["data"], ["kafka"], {}, { namespaceLabels: { team: "a" } });
    expect(matchesRingIn(wanted, ring, (name) => known[name])).toBe(false);
    expect(matchesName(wanted, "data", "kafka")).toBe(true);
    expect(namesExactly(wanted, { namespace: "data", service: "kafka" })).toBe(false);
  });
});

describe("except", () => {
  test.each<[string, Partial<RingException>, boolean, boolean]>([
    ["its namespace", { namespaces: ["data"] }, false, false],
    ["a glob for its namespace", { namespaces: ["da*"] }, false, false],
    ["its Service", { services: ["kafka", "cassandra"] }, false, false],
    ["both", { namespaces: ["data"], services: ["cass*"] }, false, false],
    ["its Service elsewhere", { namespaces: ["shop"], services: ["cassandra"] }, true, true],
    ["another Service", { services: ["kafka"] }, true, true],
    ["its labels", { labels: { tier: "storage" } }, false, true],
    ["its labels elsewhere", { namespaces: ["shop"], labels: { tier: "storage" } }, true, true],
    ["other labels", { namespaces: ["data"], labels: { tier: "web" } }, true, true],
    ["nothing", {}, true, true],
  ])("for %s: matches %j", (_, exception, matches, mayMatch) => {
    const wanted = selector([], [], {}, except({ services: ["never"] }, exception));
    expect(matchesRing(wanted, ring)).toBe(matches);
    expect(matchesName(wanted, ring.namespace, ring.service)).toBe(mayMatch);
  });

  test("takes away an exact name, also where only its labels will tell", () => {
    const names = (...exceptions: Partial<RingException>[]): boolean =>
      namesExactly(selector(["data"], ["cassandra"], {}, except(...exceptions)), ring);
    expect(names({ services: ["kafka"] })).toBe(true);
    expect(names({})).toBe(true);
    expect(names({ services: ["cass*"] })).toBe(false);
    expect(names({ labels: { tier: "storage" } })).toBe(false);
    expect(names({ namespaces: ["shop"], labels: { tier: "storage" } })).toBe(true);
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

  test("leaves out an exact name that is excepted by name, and no other", () => {
    expect(targets(selector(["a"], ["x", "y"], {}, except({ services: ["y"] })))).toEqual(["endpoints a/x"]);
    expect(targets(selector(["a"], ["x"], {}, except({ services: ["x"], labels: { tier: "1" } })))).toEqual([
      "endpoints a/x",
    ]);
    expect(targets(selector(["a"], [], {}, except({ namespaces: ["a"] })))).toEqual(["endpoints a/all"]);
  });
});

describe("objectTargets", () => {
  const targets = (ring: RingSelector, reasons: boolean): string[] =>
    objectTargets({ ring, reasons }).map(({ need, namespace }) => `${need} ${namespace ?? "all"}`);

  test("names nothing for most rules", () => {
    expect(targets(selector(["data"], ["cassandra"], { tier: "storage" }), false)).toEqual([]);
  });

  test("names the namespaces whose labels are asked for", () => {
    const namespaceLabels = { team: "a" };
    expect(targets(selector([], [], {}, { namespaceLabels }), false)).toEqual(["namespaceLabels all"]);
    expect(targets(selector(["a", "b*"], [], {}, { namespaceLabels }), false)).toEqual([
      "namespaceLabels all",
    ]);
    expect(targets(selector(["a", "b"], [], {}, { namespaceLabels }), false)).toEqual([
      "namespaceLabels a",
      "namespaceLabels b",
    ]);
  });

  test("names the namespaces in which reasons are to be known", () => {
    expect(targets(selector(["a", "b"], ["x"]), true)).toEqual(["workloads a", "workloads b"]);
    expect(targets(selector([], ["x"], {}, { namespaceLabels: { team: "a" } }), true)).toEqual([
      "namespaceLabels all",
      "workloads all",
    ]);
  });
});
