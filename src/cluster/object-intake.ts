import { isDeepStrictEqual } from "node:util";
import type { Logger } from "../runtime/logger.ts";
import { decodeRecord, type ObjectRecord } from "./decode-record.ts";
import type { Change, Intake, IntakeStrategy, Listing, Taken } from "./intake.ts";
import type { ObjectKind, ObjectScope } from "./object-plan.ts";

/** What a watch of one scope says, in the order it happened. */
export type ObjectEvent =
  /** A complete list: objects of this scope that are not in it are gone. */
  | { readonly kind: "listed"; readonly objects: readonly ObjectRecord[] }
  | { readonly kind: "changed"; readonly object: ObjectRecord }
  /** `last`: as it was when it went, which may be more than was known of it. */
  | { readonly kind: "deleted"; readonly key: string; readonly last: ObjectRecord };

/** What taking in a scope's objects needs. */
export interface ObjectIntakeOptions {
  readonly scope: ObjectScope;
  readonly logger: Logger;
}

const NOTHING: Taken<never> = { kind: "nothing" };

/**
 * Keeps a small record of each object, never the object, and hands over those that differ from what was known: most writes of a
 * workload's status say nothing new here.
 */
export class ObjectIntake implements Intake<ObjectRecord, ObjectEvent> {
  readonly #options: ObjectIntakeOptions;
  #known = new Map<string, ObjectRecord>();
  #collected: Map<string, ObjectRecord> | undefined;
  #undecodable = 0;

  constructor(options: ObjectIntakeOptions) {
    this.#options = options;
  }

  get undecodable(): number {
    return this.#undecodable;
  }

  get collects(): boolean {
    return this.#collected !== undefined;
  }

  startCollecting(): void {
    this.#collected = new Map();
  }

  stopCollecting(): readonly ObjectRecord[] {
    const objects = [...(this.#collected?.values() ?? [])];
    this.#collected = undefined;
    return objects;
  }

  /** All objects of a scope are wanted. */
  forgetWants(): void {
    // So nothing is remembered.
  }

  skip(): undefined {
    return undefined;
  }

  replace(objects: readonly ObjectRecord[]): void {
    this.#known = new Map(objects.map((object) => [object.key, object]));
  }

  leaveOut(issues: readonly string[]): void {
    const { logger, scope } = this.#options;
    for (const issue of issues) {
      this.#undecodable++;
      logger.warn({ scope: scope.id, reason: issue }, "Object left out");
    }
  }

  take(change: Change): Taken<ObjectEvent> {
    const { kind } = this.#options.scope;
    const object = decodeRecord(kind, change.object);
    if (object === undefined) return this.damaged(nameless(kind));
    const objects = this.#collected ?? this.#known;
    const isNew = !isDeepStrictEqual(objects.get(object.key), object);
    if (change.kind === "deleted") objects.delete(object.key);
    else objects.set(object.key, object);
    if (this.#collected !== undefined) return NOTHING;
    if (change.kind === "deleted")
      return { kind: "event", event: { kind: "deleted", key: object.key, last: object } };
    return isNew ? { kind: "event", event: { kind: "changed", object } } : NOTHING;
  }

  damaged(issue: string): { readonly kind: "damaged"; readonly issue: string } {
    this.#undecodable++;
    return { kind: "damaged", issue };
  }
}

class ObjectListing implements Listing<ObjectRecord> {
  readonly #kind: ObjectKind;
  readonly #objects: ObjectRecord[] = [];

  constructor(kind: ObjectKind) {
    this.#kind = kind;
  }

  take(value: unknown): string | undefined {
    const object = decodeRecord(this.#kind, value);
    if (object === undefined) return nameless(this.#kind);
    this.#objects.push(object);
    return undefined;
  }

  items(): readonly ObjectRecord[] {
    return this.#objects;
  }
}

function nameless(kind: ObjectKind): string {
  return `Cannot read ${kind}: metadata.name${kind === "Namespace" ? "" : " or metadata.namespace"} is missing`;
}

/** How other objects than slices are taken in. */
export function objectStrategy(options: ObjectIntakeOptions): IntakeStrategy<ObjectRecord, ObjectEvent> {
  return {
    intake: new ObjectIntake(options),
    startListing: () => new ObjectListing(options.scope.kind),
    listed: (objects) => ({ kind: "listed", objects }),
  };
}
