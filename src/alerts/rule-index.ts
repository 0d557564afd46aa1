import type { Source } from "../cluster/slice.ts";
import type { Ring } from "../ring/ring.ts";
import { isGlob } from "../rules/glob.ts";
import type { Rule } from "../rules/rule.ts";
import { matchesName, matchesRing } from "../rules/selector.ts";

/**
 * Finds the rules that select a ring without asking all of them: rules that only name Services are looked up,
 * those with globs, labels or all namespaces are tried.
 */
export class RuleIndex {
  readonly #exact = new Map<string, Rule[]>();
  readonly #tried: Rule[] = [];
  readonly #exactRings = new Map<string, { readonly source: Source; readonly ring: string }>();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) {
      const rings = exactRings(rule);
      const isOnlyExact =
        rings.length > 0 && [...rule.ring.namespaces, ...rule.ring.services].every((p) => !isGlob(p));
      if (!isOnlyExact) this.#tried.push(rule);
      for (const ring of rings) {
        const place = `${rule.source} ${ring}`;
        this.#exactRings.set(place, { source: rule.source, ring });
        if (!isOnlyExact) continue;
        const known = this.#exact.get(place);
        if (known) known.push(rule);
        else this.#exact.set(place, [rule]);
      }
    }
  }

  rulesFor(ring: Ring): readonly Rule[] {
    const named = this.#exact.get(`${ring.source} ${ring.key}`) ?? [];
    return [...named, ...this.#tried].filter((rule) => this.selects(rule, ring));
  }

  selects(rule: Rule, ring: Ring): boolean {
    return rule.source === ring.source && matchesRing(rule.ring, ring);
  }

  /** True when some rule may select a Service of this name. */
  mayWant(source: Source, namespace: string, service: string): boolean {
    if (this.#exact.has(`${source} ${namespace}/${service}`)) return true;
    return this.#tried.some((rule) => rule.source === source && matchesName(rule.ring, namespace, service));
  }

  /** Rings that a rule names exactly: they are wanted even while they do not exist. */
  exactRings(): Iterable<{ readonly source: Source; readonly ring: string }> {
    return this.#exactRings.values();
  }
}

// In a list of names and globs, the names are exact all the same. With labels nothing is known before it is seen.
function exactRings({ ring }: Rule): string[] {
  if (Object.keys(ring.labels).length > 0) return [];
  const names = (patterns: readonly string[]): string[] => patterns.filter((pattern) => !isGlob(pattern));
  return names(ring.namespaces).flatMap((namespace) =>
    names(ring.services).map((service) => `${namespace}/${service}`),
  );
}
