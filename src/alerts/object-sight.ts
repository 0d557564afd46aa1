import { NamespaceBook } from "../cluster/namespace-book.ts";
import type { ObjectEvent } from "../cluster/object-intake.ts";
import type { ObjectScope } from "../cluster/object-plan.ts";
import { type RingPlace, RingSurroundings } from "./ring-surroundings.ts";

/** Rings wait so long at most for what is watched beside them: without permission for Pods there are still rings. */
const OBJECTS_WAIT_MS = 10_000;

/** What is known beside the rings: Pods, workloads and the labels of namespaces, and whether it has been listed yet. */
export class ObjectSight {
  readonly #namespaces = new NamespaceBook();
  readonly #listed = new Set<string>();
  readonly #now: () => number;
  /** Of Pods and workloads. */
  readonly around: RingSurroundings;
  #awaited = new Map<string, ObjectScope>();
  #dueMs = 0;

  /** `now`: epoch milliseconds. */
  constructor(plan: readonly ObjectScope[], now: () => number) {
    this.#now = now;
    this.around = new RingSurroundings(plan, now);
    this.#await(plan);
  }

  get namespaceLabels(): NamespaceBook["labels"] {
    return this.#namespaces.labels;
  }

  /** Takes in one event. Returns the rings that are to be judged again, and the namespaces whose rings are to be selected again. */
  apply(
    scope: ObjectScope,
    event: ObjectEvent,
  ): { readonly rings: readonly RingPlace[]; readonly namespaces: readonly string[] } {
    if (event.kind === "listed") this.#listed.add(scope.id);
    return scope.kind === "Namespace"
      ? { rings: [], namespaces: this.#namespaces.apply(scope, event) }
      : { rings: this.around.apply(scope, event), namespaces: [] };
  }

  /** Goes on with another plan; what it does not cover is forgotten. */
  follow(plan: readonly ObjectScope[]): void {
    this.around.follow(plan);
    this.#namespaces.keepOnly(plan);
    const ids = new Set(plan.map(({ id }) => id));
    for (const id of this.#listed) if (!ids.has(id)) this.#listed.delete(id);
    this.#await(plan);
  }

  /** False while something that may explain the rings of a namespace has not been listed, and not waited for in vain. */
  isListed(namespace: string): boolean {
    if (this.#awaited.size === 0) return true;
    return !this.#awaited
      .values()
      .some((scope) => scope.namespace === undefined || scope.namespace === namespace);
  }

  /** True when rings that waited may be decided now. */
  takeSight(): boolean {
    if (this.#awaited.size === 0) return false;
    const before = this.#awaited.size;
    for (const id of this.#awaited.keys()) if (this.#listed.has(id)) this.#awaited.delete(id);
    const leftMs = this.#dueMs - this.#now();
    // More than it ever was: the clock was set back.
    if (leftMs <= 0 || leftMs > OBJECTS_WAIT_MS) this.#awaited.clear();
    return this.#awaited.size < before;
  }

  /** When to ask `takeSight` at the latest, in epoch milliseconds. */
  get dueMs(): number | undefined {
    return this.#awaited.size > 0 ? this.#dueMs : undefined;
  }

  #await(plan: readonly ObjectScope[]): void {
    this.#awaited = new Map(plan.filter(({ id }) => !this.#listed.has(id)).map((scope) => [scope.id, scope]));
    this.#dueMs = this.#now() + OBJECTS_WAIT_MS;
  }
}
