import { expect, test } from "vitest";
import { deliveryId } from "../../src/outbox/delivery-id.ts";
import { changeNotice, fireNotice, resolveNotice } from "../support/notices.ts";

test("deliveryId() is the same for the same notice, store and destination", () => {
  expect(deliveryId("s", fireNotice(), "slack")).toBe(deliveryId("s", fireNotice(), "slack"));
  expect(deliveryId("s", fireNotice(), "slack")).toMatch(/^msg_[\w-]{27}$/);
});

test("deliveryId() differs by store, destination, kind, generation, rule and ring", () => {
  const change = changeNotice();
  const ids = [
    deliveryId("s", fireNotice(), "slack"),
    deliveryId("s", resolveNotice(), "slack"),
    deliveryId("s", fireNotice(), "pager"),
    deliveryId("other", fireNotice(), "slack"),
    deliveryId("s", change, "slack"),
    deliveryId("s", { ...change, generation: (change.generation ?? 0) + 1 }, "slack"),
    deliveryId("s", { ...change, rule: "another" }, "slack"),
    deliveryId("s", { ...change, ring: { ...change.ring, key: "data/other" } }, "slack"),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});

test("deliveryId() does not depend on the words of a notice", () => {
  const change = changeNotice();
  expect(deliveryId("s", { ...change, title: "other" }, "slack")).toBe(deliveryId("s", change, "slack"));
});

test("deliveryId() differs for a generation that was counted anew after lost commits", () => {
  const change = changeNotice();
  const again = { ...change, time: "2027-01-01T00:00:00.000Z" };
  expect(deliveryId("s", again, "slack")).not.toBe(deliveryId("s", change, "slack"));
});
