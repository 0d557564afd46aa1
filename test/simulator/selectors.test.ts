import { describe, expect, test } from "vitest";
import { parseFieldSelector, parseLabelSelector } from "../../src/simulator/selectors.ts";
import { slice } from "./objects.ts";

const matches = (selector: string, labels: Record<string, string>): boolean => {
  const parsed = parseLabelSelector(selector);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.matches(slice("a", labels));
};

describe("label selectors", () => {
  test.each([
    ["", {}, true],
    ["app=web", { app: "web" }, true],
    ["app==web", { app: "web" }, true],
    ["app = web", { app: "web" }, true],
    ["app=web", { app: "db" }, false],
    ["app=web", {}, false],
    ["app=", { app: "" }, true],
    ["app=", {}, false],
    ["app!=web", { app: "db" }, true],
    ["app!=web", { app: "web" }, false],
    ["app!=web", {}, true],
    ["kubernetes.io/service-name in (web,db)", { "kubernetes.io/service-name": "db" }, true],
    ["kubernetes.io/service-name in (web, db)", { "kubernetes.io/service-name": "db" }, true],
    ["app in (web)", { app: "db" }, false],
    ["app in (web)", {}, false],
    ["app notin (web,db)", { app: "web" }, false],
    ["app notin (web,db)", { app: "x" }, true],
    ["app notin (web,db)", {}, true],
    ["app", { app: "" }, true],
    ["app", {}, false],
    ["!app", {}, true],
    ["!app", { app: "x" }, false],
    ["app=web,tier in (a,b),!old", { app: "web", tier: "b" }, true],
    ["app=web,tier in (a,b),!old", { app: "web", tier: "b", old: "" }, false],
    ["app=web,tier in (a,b)", { app: "web", tier: "c" }, false],
    ["toString", {}, false],
  ] satisfies [string, Record<string, string>, boolean][])(
    "%j over %j is %j",
    (selector, labels, expected) => {
      expect(matches(selector, labels)).toBe(expected);
    },
  );

  test.each(["=web", "a in b", "a in (b", "a=b=c", "a,,b", "(a)"])("%j cannot be read", (selector) => {
    expect(parseLabelSelector(selector)).toMatchObject({ ok: false });
  });
});

describe("field selectors", () => {
  test.each([
    ["", true],
    ["metadata.name=web", true],
    ["metadata.name==web", true],
    ["metadata.name=db", false],
    ["metadata.name!=web", false],
    ["metadata.namespace=lab", true],
    ["metadata.name=web,metadata.namespace!=lab", false],
  ])("%j", (selector, expected) => {
    const parsed = parseFieldSelector(selector);
    expect(parsed.ok && parsed.matches(slice("web"))).toBe(expected);
  });

  test.each([
    ["spec.x=1", "field label not supported: spec.x"],
    ["x", "invalid selector: 'x'; can't understand 'x'"],
  ])("%j is refused", (selector, message) => {
    expect(parseFieldSelector(selector)).toEqual({ ok: false, message });
  });
});
