import type { Source } from "../cluster/slice.ts";
import type { Ring } from "../ring/ring.ts";
import type { Rule } from "../rules/rule.ts";
import { matchesRing, selectorTargets } from "../rules/selector.ts";

/**
 * Finds the rules that select a ring without asking all of them: rules that name their Services are looked up,
 * only those with globs, labels or all namespaces are tried.
 */
export class RuleIndex {
  readonly #exact = new Map<string, Rule[]>();
  readonly #tried: Rule[] = [];

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) {
      const rings = exactRings(rule);
      if (rings.length === 0) this.#tried.push(rule);
      for (const ring of rings) {
        const place = `${rule.source} ${ring}`;
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

  /** Rings that a rule names exactly: they are wanted even while they do not exist. */
  *exactRings(): IterableIterator<{
    readonly source: Source;
    readonly ring: string;
    readonly rules: readonly Rule[];
  }> {
    for (const [place, rules] of this.#exact) {
      const [rule] = rules;
      if (rule) yield { source: rule.source, ring: place.slice(rule.source.length + 1), rules };
    }
  }
}

function exactRings(rule: Rule): string[] {
  const targets = selectorTargets(rule);
  const rings = targets.map(({ namespace, service }) =>
    namespace === undefined || service === undefined ? undefined : `${namespace}/${service}`,
  );
  return rings.every((ring) => ring !== undefined) ? rings : [];
}
