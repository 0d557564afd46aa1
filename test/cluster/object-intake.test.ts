import { describe, expect, test } from "vitest";
import { decodeEvent } from "../../src/cluster/decode-event.ts";
import type { Taken } from "../../src/cluster/intake.ts";
import { type ObjectEvent, ObjectIntake, objectStrategy } from "../../src/cluster/object-intake.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { recordOf } from "../support/book-stage.ts";
import { namespace, pod, scopeOf, statefulSet } from "../support/workloads.ts";

function intakeOf(kind: Parameters<typeof scopeOf>[0] = "Pod"): ObjectIntake {
  return new ObjectIntake({ scope: scopeOf(kind), logger: silentLogger });
}

function push(intake: ObjectIntake, type: string, object: object, version = "5"): Taken<ObjectEvent> {
  const { metadata, ...rest } = object as { metadata: object };
  const change = decodeEvent(
    Buffer.from(
      JSON.stringify({ type, object: { ...rest, metadata: { ...metadata, resourceVersion: version } } }),
    ),
  );
  if (!("object" in change)) throw new Error(`no change: ${type}`);
  return intake.take(change);
}

describe("an intake of objects", () => {
  test("hands over what is new, and not what it knows already", () => {
    const intake = intakeOf();
    const db = pod("db-0", "StatefulSet/db");
    expect(push(intake, "ADDED", db)).toEqual({
      kind: "event",
      event: { kind: "changed", object: recordOf(db) },
    });
    expect(push(intake, "MODIFIED", { ...db, spec: { nodeName: "node-1", priority: 7 } }, "6")).toEqual({
      kind: "nothing",
    });
    const failed = pod("db-0", "StatefulSet/db", {}, { phase: "Failed" });
    expect(push(intake, "MODIFIED", failed, "7")).toMatchObject({
      event: { kind: "changed", object: { phase: "Failed" } },
    });
  });

  test("hands over a DELETED with what it shows at last, known or not", () => {
    const intake = intakeOf();
    const evicted = pod("db-0", "StatefulSet/db", {}, { phase: "Failed", reason: "Evicted" });
    expect(push(intake, "DELETED", evicted)).toMatchObject({
      event: { kind: "deleted", key: "data/db-0", last: { reason: "Evicted" } },
    });
    expect(push(intake, "ADDED", pod("db-0", "StatefulSet/db"))).toMatchObject({ kind: "event" });
  });

  test("collects a streamed list aside", () => {
    const intake = intakeOf("StatefulSet");
    push(intake, "ADDED", statefulSet("old", 1));
    intake.startCollecting();
    expect(push(intake, "ADDED", statefulSet("db", 3))).toEqual({ kind: "nothing" });
    push(intake, "ADDED", statefulSet("gone", 3));
    push(intake, "DELETED", statefulSet("gone", 3));
    const listed = intake.stopCollecting();
    expect(listed).toEqual([recordOf(statefulSet("db", 3))]);
    intake.replace(listed);
    expect(push(intake, "MODIFIED", statefulSet("db", 3))).toEqual({ kind: "nothing" });
    expect(push(intake, "MODIFIED", statefulSet("old", 1))).toMatchObject({ kind: "event" });
  });

  test("calls an object without a name damaged, so that a list has to tell", () => {
    const intake = intakeOf();
    const { namespace: _, ...metadata } = pod("x", undefined).metadata;
    expect(push(intake, "MODIFIED", { metadata })).toEqual({
      kind: "damaged",
      issue: "Cannot read Pod: metadata.name or metadata.namespace is missing",
    });
    expect(intake.undecodable).toBe(1);
    expect(push(intakeOf("Namespace"), "ADDED", namespace("data"))).toMatchObject({ kind: "event" });
  });

  test("reads a list object by object, and leaves out what it cannot read", () => {
    const { startListing, listed, intake } = objectStrategy({
      scope: scopeOf("Namespace"),
      logger: silentLogger,
    });
    const listing = startListing();
    expect(listing.take(namespace("data", { team: "a" }))).toBeUndefined();
    const issue = listing.take({});
    expect(issue).toBe("Cannot read Namespace: metadata.name is missing");
    intake.leaveOut([issue ?? ""]);
    expect(intake.undecodable).toBe(1);
    expect(listed(listing.items())).toEqual({
      kind: "listed",
      objects: [recordOf(namespace("data", { team: "a" }))],
    });
  });
});
