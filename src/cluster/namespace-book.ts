import type { ObjectEvent } from "./object-intake.ts";
import { objectScopeCovers, type ObjectScope } from "./object-plan.ts";
import type { ObjectRecord } from "./decode-record.ts";

type Labels = Readonly<Record<string, string>>;

/** Knows the labels of namespaces, for rules that select by them. */
export class NamespaceBook {
  readonly #labels = new Map<string, Labels>();

  /** The labels of a namespace; undefined while it is not known, or does not exist. */
  readonly labels = (namespace: string): Labels | undefined => this.#labels.get(namespace);

  /** Takes in one event of a scope's watch. Returns the namespaces whose labels are other than before: their rings are to be judged anew. */
  apply(scope: ObjectScope, event: ObjectEvent): readonly string[] {
    switch (event.kind) {
      case "changed":
        return this.#set(event.object);
      case "deleted":
        return this.#labels.delete(event.key) ? [event.key] : [];
      case "listed": {
        const listed = new Set(event.objects.map(({ key }) => key));
        const gone = this.#forget((name) => isCovered(scope, name) && !listed.has(name));
        return [...gone, ...event.objects.flatMap((object) => this.#set(object))];
      }
    }
  }

  /** Forgets what a new plan does not watch any more. Returns the namespaces that are not known now. */
  keepOnly(plan: readonly ObjectScope[]): readonly string[] {
    return this.#forget((name) => !plan.some((scope) => isCovered(scope, name)));
  }

  #set(object: ObjectRecord): string[] {
    if (object.kind !== "Namespace") return [];
    const before = this.#labels.get(object.name);
    this.#labels.set(object.name, object.labels);
    return before !== undefined && isSame(before, object.labels) ? [] : [object.name];
  }

  #forget(isOver: (name: string) => boolean): string[] {
    const over = [...this.#labels.keys()].filter(isOver);
    for (const name of over) this.#labels.delete(name);
    return over;
  }
}

function isCovered(scope: ObjectScope, name: string): boolean {
  return objectScopeCovers(scope, { kind: "Namespace", namespace: undefined, name });
}

function isSame(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
