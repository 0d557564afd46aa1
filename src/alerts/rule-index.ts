import type { Source } from "../cluster/slice.ts";
import type { Ring } from "../ring/ring.ts";
import { isGlob } from "../rules/glob.ts";
import type { Rule } from "../rules/rule.ts";
import { matchesName, matchesRing, type NamespaceLabels } from "../rules/selector.ts";

/**
 * Finds the rules that select a ring without asking all of them: rules that only name Services are looked up,
 * those with globs, labels or all namespaces are tried.
 */
export class RuleIndex {
  readonly #exact = new Map<string, Rule[]>();
  readonly #tried: Rule[] = [];
  readonly #exactRings = new Map<string, { readonly source: Source; readonly ring: string }>();

  readonly #namespaceLabels: NamespaceLabels;

  constructor(rules: readonly Rule[], namespaceLabels: NamespaceLabels) {
    this.#namespaceLabels = namespaceLabels;
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
    const rules = [...named, ...this.#tried].filter((rule) => this.selects(rule, ring));
    // Who speaks for others is asked first: at one moment both may have something to say.
    return rules.sort((a, b) => Math.sign(a.suppressedBy.length) - Math.sign(b.suppressedBy.length));
  }

  selects(rule: Rule, ring: Ring): boolean {
    return rule.source === ring.source && matchesRing(rule.ring, ring, this.#namespaceLabels);
  }

  /** True while nobody can say whether a rule is about a ring: it asks for labels of a namespace that are not known yet. */
  isUndecided(rule: Rule, ring: Ring): boolean {
    return (
      Object.keys(rule.ring.namespaceLabels).length > 0 &&
      this.#namespaceLabels(ring.namespace) === undefined &&
      matchesName(rule.ring, ring.namespace, ring.service)
    );
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
  if (Object.keys(ring.labels).length + Object.keys(ring.namespaceLabels).length > 0) return [];
  const names = (patterns: readonly string[]): string[] => patterns.filter((pattern) => !isGlob(pattern));
  return names(ring.namespaces).flatMap((namespace) =>
    names(ring.services).map((service) => `${namespace}/${service}`),
  );
}
