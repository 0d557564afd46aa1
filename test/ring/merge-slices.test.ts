import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Endpoint } from "../../src/cluster/slice.ts";
import { mergeAgain, mergeSlices } from "../../src/ring/merge-slices.ts";
import { endpoint, slice } from "../support/slices.ts";

const names = (members: readonly { name: string }[]) => members.map((member) => member.name);

describe("mergeSlices()", () => {
  test("unites the Pods of all slices, in order of their key", () => {
    const members = mergeSlices([
      slice("b", [endpoint("c-2")]),
      slice("a", [endpoint("c-1"), endpoint("c-0")]),
    ]);
    expect(names(members)).toEqual(["c-0", "c-1", "c-2"]);
  });

  test("counts a Pod once while it is in two slices, as the slice received last says", () => {
    const old = slice("a", [endpoint("c-0", { serving: false })]);
    const late = slice("b", [endpoint("c-0")]);
    expect(mergeSlices([old, late])).toMatchObject([{ name: "c-0", ready: true }]);
    expect(mergeSlices([late, old])).toMatchObject([{ name: "c-0", ready: false }]);
  });

  test("believes the later trigger time before the order of receipt", () => {
    const newer = slice("a", [endpoint("c-0")], { triggerTimeMs: 2_000 });
    const older = slice("b", [endpoint("c-0", { serving: false })], { triggerTimeMs: 1_000 });
    expect(mergeSlices([newer, older])).toMatchObject([{ ready: true }]);
  });

  test("believes the order of receipt where only one slice has a trigger time", () => {
    const timed = slice("a", [endpoint("c-0")], { triggerTimeMs: 2_000 });
    const untimed = slice("b", [endpoint("c-0", { serving: false })]);
    expect(mergeSlices([timed, untimed])).toMatchObject([{ ready: false }]);
  });

  test("gives a Pod of two address families both addresses, IPv4 first", () => {
    const v6 = slice("six", [endpoint("c-0", { address: "fd00::1" })], { addressType: "IPv6" });
    const v4 = slice("four", [endpoint("c-0", { address: "10.0.0.1" })]);
    expect(mergeSlices([v6, v4])).toMatchObject([{ name: "c-0", addresses: ["10.0.0.1", "fd00::1"] }]);
  });

  test("calls a Pod ready only where all its families do", () => {
    const v4 = slice("four", [endpoint("c-0")]);
    const v6 = slice("six", [endpoint("c-0", { address: "fd00::1", serving: false })], {
      addressType: "IPv6",
    });
    expect(mergeSlices([v4, v6])).toMatchObject([{ ready: false, serving: false, terminating: false }]);
  });

  test("leaves out the family that still shows the Pod's predecessor", () => {
    const v4 = slice("four", [endpoint("c-0", { uid: "old", address: "10.0.0.1" })]);
    const v6 = slice("six", [endpoint("c-0", { uid: "new", address: "fd00::2" })], { addressType: "IPv6" });
    expect(mergeSlices([v4, v6])).toMatchObject([{ uid: "new", addresses: ["fd00::2"] }]);
  });

  test("believes the slice received last also where its family was heard of first", () => {
    const old = slice("four", [endpoint("c-0", { uid: "old", address: "10.0.0.1" })]);
    const v6 = slice("six", [endpoint("c-0", { uid: "old", address: "fd00::1" })], { addressType: "IPv6" });
    const fresh = slice("four-2", [endpoint("c-0", { uid: "new", address: "10.0.0.2" })]);
    expect(mergeSlices([old, v6, fresh])).toMatchObject([{ uid: "new", addresses: ["10.0.0.2"] }]);
  });

  test("keeps two Pods with one address apart", () => {
    const same = { address: "10.0.0.9" };
    const members = mergeSlices([
      slice("a", [endpoint("c-0", { ...same, terminating: true }), endpoint("c-1", same)]),
    ]);
    expect(names(members)).toEqual(["c-0", "c-1"]);
  });

  test("knows endpoints without a Pod by hostname while that is unique, else by address", () => {
    const manual = (hostname: string | undefined, address: string) =>
      endpoint("x", { target: undefined, uid: undefined, hostname, address });
    const members = mergeSlices([
      slice("a", [
        manual("db-0", "10.1.0.1"),
        manual("twin", "10.1.0.2"),
        manual("twin", "10.1.0.3"),
        manual(undefined, "10.1.0.4"),
      ]),
    ]);
    expect(names(members)).toEqual(["10.1.0.2", "10.1.0.3", "10.1.0.4", "db-0"]);
  });

  test("counts endpoints known by address only in IPv4 where both families have them", () => {
    const manual = (address: string) => endpoint("x", { target: undefined, uid: undefined, address });
    const v4 = slice("four", [manual("10.1.0.1")]);
    const v6 = slice("six", [manual("fd00::1")], { addressType: "IPv6" });
    expect(names(mergeSlices([v6, v4]))).toEqual(["10.1.0.1"]);
    expect(names(mergeSlices([v6]))).toEqual(["fd00::1"]);
  });

  test("prefers the entry that is not terminating where one slice lists a Pod twice", () => {
    const leaving = endpoint("c-0", { uid: "old", terminating: true });
    const fresh = endpoint("c-0", { uid: "new" });
    expect(mergeSlices([slice("a", [leaving, fresh])])).toMatchObject([{ uid: "new" }]);
    expect(mergeSlices([slice("a", [fresh, leaving])])).toMatchObject([{ uid: "new" }]);
  });

  test("has no members for no endpoints", () => {
    expect(mergeSlices([])).toEqual([]);
    expect(mergeSlices([slice("a", [])])).toEqual([]);
  });

  test("gives the same members however Pods are spread over slices", () => {
    const pods = fc.uniqueArray(fc.nat(40), { maxLength: 20 });
    fc.assert(
      fc.property(pods, fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }), (numbers, places) => {
        const spread = [0, 1, 2, 3].map((place) =>
          slice(
            `s${place}`,
            numbers.filter((_, i) => places[i] === place).map((n) => endpoint(`c-${n}`)),
          ),
        );
        const whole = slice(
          "all",
          numbers.map((n) => endpoint(`c-${n}`)),
        );
        expect(mergeSlices(spread)).toEqual(mergeSlices([whole]));
      }),
    );
  });
});

describe("mergeAgain()", () => {
  const before = slice("a", [endpoint("c-2"), endpoint("c-0"), endpoint("c-10")]);
  const merged = { slice: before, members: mergeSlices([before]) };

  test("changes the member whose endpoint changed, and keeps the others as they are", () => {
    const [second, first, third] = before.endpoints as [Endpoint, Endpoint, Endpoint];
    const next = slice("a", [second, { ...first, ready: false, serving: false }, third]);
    const members = mergeAgain(merged, next);
    expect(members).toEqual(mergeSlices([next]));
    expect(members?.[0]).toMatchObject({ name: "c-0", ready: false });
    expect(members?.[1]).toBe(merged.members[1]);
    expect(merged.members[0]).toMatchObject({ ready: true });
  });

  test("gives the very same list when no endpoint changed", () => {
    expect(mergeAgain(merged, slice("a", before.endpoints, { triggerTimeMs: 1_000 }))).toBe(merged.members);
  });

  test("leaves it to mergeSlices() when Pods come, go, take turns or have no name", () => {
    const [second, first, third] = before.endpoints as [Endpoint, Endpoint, Endpoint];
    for (const endpoints of [
      [second, first],
      [second, first, third, endpoint("c-3")],
      [second, first, endpoint("c-3")],
      [first, second, third],
      [second, first, { ...third, target: undefined }],
    ]) {
      expect(mergeAgain(merged, slice("a", endpoints))).toBeUndefined();
    }
  });

  test("never gives anything but what mergeSlices() gives", () => {
    const states = fc.record({
      name: fc.constantFrom("c-0", "c-1", "c-2", "c-3"),
      target: fc.constantFrom("data/c-0", "data/c-1", "data/c-2", undefined),
      hostname: fc.constantFrom("c-0", "c-1", undefined),
      serving: fc.boolean(),
    });
    const lists = fc.array(states, { maxLength: 4 });
    const sliceOf = (list: readonly (Partial<Endpoint> & { name: string })[]) =>
      slice(
        "a",
        list.map(({ name, ...differs }) => endpoint(name, differs)),
      );
    fc.assert(
      fc.property(lists, lists, (old, now) => {
        const before = sliceOf(old);
        const next = sliceOf(now);
        const members = mergeAgain({ slice: before, members: mergeSlices([before]) }, next);
        if (members) expect(members).toEqual(mergeSlices([next]));
      }),
      { numRuns: 2_000 },
    );
  });
});
