import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ObjectStore } from "../../src/simulator/object-store.ts";
import { changeSeenBy } from "../../src/simulator/watch-filter.ts";
import { endpoints, slice } from "./objects.ts";

const names = (objects: readonly { metadata: { name: string } }[] | undefined) =>
  objects?.map(({ metadata }) => metadata.name);

describe("versions", () => {
  test("rise by one over all kinds", () => {
    const store = new ObjectStore({ startVersion: 100 });
    expect(store.put(slice("a")).version).toBe(101);
    expect(store.put(endpoints("a")).version).toBe(102);
    expect(store.delete("endpointslices", "lab", "a")?.object.metadata.resourceVersion).toBe("103");
    expect(store.delete("endpointslices", "lab", "a")).toBeUndefined();
    expect(store.version).toBe(103);
  });

  test("an appended event keeps its own, and must be newer", () => {
    const store = new ObjectStore();
    const object = { ...slice("a"), metadata: { name: "a", namespace: "lab", resourceVersion: "50" } };
    expect(store.append({ type: "MODIFIED", object })).toMatchObject({
      type: "MODIFIED",
      version: 50,
      object,
    });
    expect(() => store.append({ type: "MODIFIED", object })).toThrow(
      "Cannot append MODIFIED of endpointslices/lab/a: its resourceVersion 50 is not higher than 50",
    );
    expect(() => store.append({ type: "ADDED", object: slice("b") })).toThrow(RangeError);
  });

  test("a seed is there without events, and nothing is older", () => {
    const store = new ObjectStore();
    store.seed([{ ...slice("a"), metadata: { name: "a", namespace: "lab", resourceVersion: "50" } }], 60);
    expect(names(store.list("endpointslices"))).toEqual(["a"]);
    expect(store.version).toBe(60);
    expect(store.eventsAfter("endpointslices", 59)).toBeUndefined();
    expect(store.eventsAfter("endpointslices", 60)).toEqual([]);
  });
});

describe("history", () => {
  test("compacting keeps what is newer", () => {
    const store = new ObjectStore();
    store.put(slice("a")); // 2
    store.put(slice("b")); // 3
    store.put(slice("c")); // 4
    store.compact(3);
    expect(store.eventsAfter("endpointslices", 2)).toBeUndefined();
    expect(store.eventsAfter("endpointslices", 3)).toHaveLength(1);
    expect(store.listAt("endpointslices", 2)).toBeUndefined();
    expect(names(store.listAt("endpointslices", 3))).toEqual(["a", "b"]);
    expect(store.listAt("endpointslices", 5)).toBeUndefined();
    store.compact(2);
    expect(store.compactedVersion).toBe(3);
    store.compact(1_000);
    expect(store.compactedVersion).toBe(4);
  });

  test("the older half goes when there is too much", () => {
    const store = new ObjectStore({ historyLimit: 4 });
    for (const name of ["a", "b", "c", "d"]) store.put(slice(name));
    expect(store.compactedVersion).toBe(1);
    store.put(slice("e"));
    expect(store.compactedVersion).toBe(4);
    expect(store.eventsAfter("endpointslices", 4)).toHaveLength(2);
  });

  test("the past is found again, whatever was written", () => {
    const write = fc.record({
      name: fc.constantFrom("a", "b", "c"),
      remove: fc.boolean(),
      kind: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
        const store = new ObjectStore();
        const past = [{ version: store.version, objects: store.list("endpointslices") }];
        for (const { name, remove, kind } of writes) {
          if (remove) store.delete(kind ? "endpointslices" : "endpoints", "lab", name);
          else store.put(kind ? slice(name) : endpoints(name));
          past.push({ version: store.version, objects: store.list("endpointslices") });
        }
        for (const { version, objects } of past) {
          expect(store.listAt("endpointslices", version)).toEqual(objects);
        }
      }),
    );
  });
});

test("lists are in the order of namespace/name, byte by byte", () => {
  const store = new ObjectStore();
  for (const namespace of ["b", "a", "a-b"]) store.put(slice("x", {}, namespace));
  expect(store.list("endpointslices").map((object) => object.metadata.namespace)).toEqual(["a-b", "a", "b"]);
});

describe("through a selector", () => {
  const red = (object: { metadata: { labels?: Readonly<Record<string, string>> } }) =>
    object.metadata.labels?.["color"] === "red";
  const store = new ObjectStore();
  const write = (color: string) => changeSeenBy(red, store.put(slice("a", { color })));

  test("an object comes and goes as it matches", () => {
    expect(write("blue")).toBeUndefined();
    expect(write("red")).toMatchObject({ type: "ADDED", object: { metadata: { resourceVersion: "3" } } });
    expect(write("red")).toMatchObject({ type: "MODIFIED" });
    expect(write("blue")).toMatchObject({
      type: "DELETED",
      object: { metadata: { resourceVersion: "5", labels: { color: "red" } } },
    });
    expect(write("blue")).toBeUndefined();
    write("red");
    const gone = store.delete("endpointslices", "lab", "a");
    expect(gone && changeSeenBy(red, gone)).toMatchObject({ type: "DELETED" });
  });

  test("a replayed MODIFIED without a past stays MODIFIED", () => {
    const object = { ...slice("z", { color: "red" }) };
    const metadata = { ...object.metadata, resourceVersion: "99" };
    const event = store.append({ type: "MODIFIED", object: { ...object, metadata } });
    expect(changeSeenBy(red, event)).toMatchObject({ type: "MODIFIED" });
  });

  test("two watches that lose an object get the very same farewell", () => {
    store.put(slice("b", { color: "red" }));
    const event = store.put(slice("b", { color: "blue" }));
    expect(changeSeenBy(red, event)?.object).toBe(changeSeenBy(red, event)?.object);
  });
});
