import type { ASTNode } from "@marcbachmann/cel-js";
import { CALLS, LOOPS, METHODS } from "./cel-functions.ts";
import { didYouMean } from "./nearest.ts";
import type { Span } from "./problem.ts";

/** Each level multiplies the work by the number of members. */
const MAX_LOOP_NESTING = 2;

/** What the expression's own grammar allows but Ringbell does not, with the place of it. */
export interface GuardIssue extends Span {
  readonly message: string;
  readonly hint?: string;
}

/**
 * Refuses what could stop the process or surprise: `matches` (a backtracking regular expression), functions that are
 * not CEL's, loops over nothing, and loops nested more than two deep. Returns the first place, or undefined when all
 * is well.
 */
export function guardExpression(ast: ASTNode): GuardIssue | undefined {
  return visit(ast, 0);
}

function visit(node: ASTNode, depth: number): GuardIssue | undefined {
  if (node.op === "call") return unknownFunction(node.args[0], CALLS, node) ?? first(node.args[1], depth);
  if (node.op !== "rcall") return first(astChildren(node), depth);
  const [name, receiver, args] = node.args;
  const issue = unknownFunction(name, METHODS, node);
  if (issue) return issue;
  const isLoop = LOOPS.has(name);
  if (isLoop && args.length < 2) {
    const message = `${name}() takes a name of your own and what is asked of each item: ${name}(m, …)`;
    return { ...node.range, message };
  }
  if (isLoop && depth >= MAX_LOOP_NESTING) {
    return { ...node.range, message: `loops (${name} here) may be nested ${MAX_LOOP_NESTING} deep at most` };
  }
  // The library throws at an empty list literal, since its items have no type.
  if (isLoop && receiver.op === "list" && receiver.args.length === 0) {
    return { ...receiver.range, message: `${name}() of a list that is always empty` };
  }
  return visit(receiver, depth) ?? first(args, isLoop ? depth + 1 : depth);
}

function unknownFunction(name: string, known: ReadonlySet<string>, node: ASTNode): GuardIssue | undefined {
  if (known.has(name)) return undefined;
  if (name === "matches") {
    const hint = 'write .re("…"): the same by RE2, which takes no longer for any text';
    return { ...node.range, message: "matches() is not allowed", hint };
  }
  const other = known === CALLS ? METHODS : CALLS;
  if (other.has(name)) {
    const wanted = known === CALLS ? `….${name}(…)` : `${name}(…)`;
    return { ...node.range, message: `${name} is called as ${wanted}` };
  }
  const match = didYouMean(name, [...known]);
  const hint = match === "" ? { hint: "docs/rules.md lists the functions" } : {};
  return { ...node.range, message: `unknown function "${name}"${match}`, ...hint };
}

function first(nodes: readonly ASTNode[], depth: number): GuardIssue | undefined {
  for (const node of nodes) {
    const issue = visit(node, depth);
    if (issue) return issue;
  }
  return undefined;
}

/** All nodes right below, whatever the operator. */
export function astChildren(node: ASTNode): ASTNode[] {
  const args: unknown = node.args;
  if (isNode(args)) return [args];
  return Array.isArray(args) ? args.flat(2).filter(isNode) : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "range" in value;
}
