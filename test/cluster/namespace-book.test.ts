import { expect, test } from "vitest";
import { NamespaceBook } from "../../src/cluster/namespace-book.ts";
import type { ObjectEvent } from "../../src/cluster/object-intake.ts";
import { type ObjectScope, planObjects } from "../../src/cluster/object-plan.ts";
import { recordOf } from "../support/book-stage.ts";
import { namespace, scopeOf } from "../support/workloads.ts";

const ALL = scopeOf("Namespace");
const [DATA] = planObjects([{ need: "namespaceLabels", namespace: "data" }]) as [ObjectScope];
const [SHOP] = planObjects([{ need: "namespaceLabels", namespace: "shop" }]) as [ObjectScope];
const listed = (...objects: Parameters<typeof recordOf>[0][]): ObjectEvent => ({
  kind: "listed",
  objects: objects.map(recordOf),
});
const changed = (object: Parameters<typeof recordOf>[0]): ObjectEvent => ({
  kind: "changed",
  object: recordOf(object),
});

test("knows the labels as they were last seen, and tells whose are other than before", () => {
  const book = new NamespaceBook();
  expect(book.labels("data")).toBeUndefined();
  expect(book.apply(ALL, listed(namespace("data", { team: "a" }), namespace("shop")))).toEqual([
    "data",
    "shop",
  ]);
  expect([book.labels("data"), book.labels("shop")]).toEqual([{ team: "a" }, {}]);
  expect(book.apply(ALL, changed(namespace("data", { team: "a" })))).toEqual([]);
  expect(book.apply(ALL, changed(namespace("data", { team: "b" })))).toEqual(["data"]);
  expect(book.apply(ALL, changed(namespace("data", { team: "b", tier: "x" })))).toEqual(["data"]);
  expect(book.apply(ALL, changed(namespace("data", { tier: "x" })))).toEqual(["data"]);
  expect(book.labels("data")).toEqual({ tier: "x" });
});

test("forgets a namespace that is deleted, or missing in a list", () => {
  const book = new NamespaceBook();
  book.apply(ALL, listed(namespace("data"), namespace("shop"), namespace("old")));
  expect(book.apply(ALL, { kind: "deleted", key: "old", last: recordOf(namespace("old")) })).toEqual(["old"]);
  expect(book.apply(ALL, { kind: "deleted", key: "old", last: recordOf(namespace("old")) })).toEqual([]);
  expect(book.apply(ALL, listed(namespace("shop")))).toEqual(["data"]);
  expect([book.labels("data"), book.labels("shop")]).toEqual([undefined, {}]);
});

test("takes a list of one namespace for no more than that", () => {
  const book = new NamespaceBook();
  book.apply(DATA, listed(namespace("data")));
  book.apply(SHOP, listed(namespace("shop")));
  expect(book.apply(DATA, listed())).toEqual(["data"]);
  expect(book.labels("shop")).toEqual({});
});

test("forgets what a new plan does not watch", () => {
  const book = new NamespaceBook();
  book.apply(ALL, listed(namespace("data"), namespace("shop")));
  expect(book.keepOnly([DATA])).toEqual(["shop"]);
  expect(book.keepOnly([DATA])).toEqual([]);
  expect(book.labels("data")).toEqual({});
});
