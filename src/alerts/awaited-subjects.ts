import type { Source } from "../cluster/slice.ts";
import type { Ring } from "../ring/ring.ts";
import type { Subject } from "./subject.ts";

/**
 * Subjects whose ring has not been seen, or of which nobody can say yet whether its rule is about it; and the rings that are wanted
 * although nobody has seen them: a complete list without them says that they are absent.
 */
export class AwaitedSubjects {
  /** By ring. */
  readonly #subjects = new Map<string, readonly Subject[]>();
  readonly #rings: Readonly<Record<Source, Set<string>>> = {
    endpointslices: new Set(),
    endpoints: new Set(),
  };

  /** Waits for the ring of a subject. */
  add(subject: Subject): void {
    this.addRing(subject.rule.source, subject.ringKey);
    this.keep(subject);
  }

  /** Waits with a subject until more is known of its ring, which has been seen. */
  keep(subject: Subject): void {
    const others = this.#subjects.get(subject.ringKey) ?? [];
    if (!others.includes(subject)) this.#subjects.set(subject.ringKey, [...others, subject]);
  }

  addRing(source: Source, ring: string): void {
    this.#rings[source].add(ring);
  }

  /** Waits no longer with a subject: its rule is not about the ring any more. */
  drop(subject: Subject): void {
    this.#keepOnly(subject.ringKey, (other) => other !== subject);
  }

  /** A ring has been seen. */
  seen({ source, key }: Ring): void {
    if (this.#rings[source].size > 0) this.#rings[source].delete(key);
  }

  /** The subjects that waited for a ring, which do not from now on. */
  take({ source, key }: Ring): readonly Subject[] {
    const waiting = this.#subjects.get(key);
    if (!waiting) return [];
    this.#keepOnly(key, (subject) => subject.rule.source !== source);
    return waiting.filter((subject) => subject.rule.source === source);
  }

  /** Rings that have not been seen. */
  rings(source: Source): readonly string[] {
    return [...this.#rings[source]];
  }

  #keepOnly(ring: string, stays: (subject: Subject) => boolean): void {
    const waiting = this.#subjects.get(ring)?.filter(stays) ?? [];
    if (waiting.length > 0) this.#subjects.set(ring, waiting);
    else this.#subjects.delete(ring);
  }
}
