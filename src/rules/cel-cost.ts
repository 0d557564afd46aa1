import type { ASTNode } from "@marcbachmann/cel-js";
import { CelError } from "./cel-error.ts";
import { LOOPS } from "./cel-functions.ts";
import { astChildren } from "./cel-guard.ts";

/** How long the lists are that an expression may loop over. */
export interface CelSizes {
  /** Of the longest list or map there is. */
  readonly items: number;
  readonly zones: number;
}

/** Names, values and calls that one evaluation may visit: some tenths of a second, in which nothing else happens. */
const MAX_STEPS = 4_000_000;

/** How much work an expression is, told from its text alone. The library has no limit on what it does. */
export interface CelCost {
  /** Throws `CelError` when lists are so long that an evaluation would hold up the process. `sizes` is asked only for loops. */
  assertAffordable(sizes: () => CelSizes): void;
}

/** `weight` nodes that are visited once for each zone, or item, and for each of those again. */
interface Term {
  weight: number;
  readonly zones: number;
  readonly items: number;
}

/** Counts each node once for every turn of the loops around it. Loops over zones are told apart: there are few. */
export function costOf(ast: ASTNode): CelCost {
  const terms = new Map<string, Term>();
  count(ast, { weight: 1, zones: 0, items: 0 }, terms);
  const loops = [...terms.values()].filter((term) => term.zones + term.items > 0);
  return {
    assertAffordable(sizes) {
      if (loops.length === 0) return;
      const { items, zones } = sizes();
      const steps = loops.reduce(
        (sum, term) =>
          sum + term.weight * Math.max(1, items) ** term.items * Math.max(1, zones) ** term.zones,
        0,
      );
      if (steps > MAX_STEPS) throw new CelError(`loops within loops are too much work for ${items} items`);
    },
  };
}

function count(node: ASTNode, turns: Term, terms: Map<string, Term>): void {
  const key = `${turns.zones},${turns.items}`;
  const term = terms.get(key) ?? { ...turns, weight: 0 };
  term.weight += turns.weight;
  terms.set(key, term);
  if (node.op !== "rcall" || !LOOPS.has(node.args[0])) {
    for (const child of astChildren(node)) count(child, turns, terms);
    return;
  }
  const [, receiver, body] = node.args;
  count(receiver, turns, terms);
  for (const part of body) count(part, around(turns, receiver), terms);
}

function around(turns: Term, list: ASTNode): Term {
  if (list.op === "list") return { ...turns, weight: turns.weight * Math.max(1, list.args.length) };
  if (list.op === "." && list.args[1] === "zones") return { ...turns, zones: turns.zones + 1 };
  if (list.op === "rcall" && (list.args[0] === "filter" || list.args[0] === "map")) {
    return around(turns, list.args[1]);
  }
  return { ...turns, items: turns.items + 1 };
}
