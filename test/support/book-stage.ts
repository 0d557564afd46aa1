import { decodeRecord, type ObjectRecord } from "../../src/cluster/decode-record.ts";
import type { ObjectKind } from "../../src/cluster/object-plan.ts";
import { WorkloadBook } from "../../src/cluster/workload-book.ts";
import type { ApiObject } from "../../src/simulator/resources.ts";
import { scopeOf } from "./workloads.ts";

/** What is kept of an object. */
export function recordOf(object: ApiObject): ObjectRecord {
  return decodeRecord(object.kind as ObjectKind, object) as ObjectRecord;
}

/** A workload book that hears of whole objects, at times of the test's own. */
export class BookStage {
  readonly book = new WorkloadBook();
  nowMs = 1_000_000;

  /** Objects that are as they are here from now on. Returns the rings that this may concern. */
  put(...objects: readonly ApiObject[]): string[] {
    return objects.flatMap((object) => {
      const record = recordOf(object);
      return this.book.apply(scopeOf(record.kind), { kind: "changed", object: record }, this.nowMs);
    });
  }

  /** Objects that are gone, and were like this at last. */
  remove(...objects: readonly ApiObject[]): string[] {
    return objects.flatMap((object) => {
      const last = recordOf(object);
      return this.book.apply(scopeOf(last.kind), { kind: "deleted", key: last.key, last }, this.nowMs);
    });
  }

  /** A complete list of one kind. */
  list(kind: ObjectKind, ...objects: readonly ApiObject[]): readonly string[] {
    return this.book.apply(scopeOf(kind), { kind: "listed", objects: objects.map(recordOf) }, this.nowMs);
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }
}
