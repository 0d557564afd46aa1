import type { ASTNode } from "@marcbachmann/cel-js";
import type { Span } from "./problem.ts";

const LOOPS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);

/** Each level multiplies the work by the number of members; the library has no limit on cost while it runs. */
const MAX_LOOP_NESTING = 2;

/** What the expression's own grammar allows but Ringbell does not, with the place of it. */
export interface GuardIssue extends Span {
  readonly message: string;
}

/**
 * Refuses what could stop the process: `matches` (a backtracking regular expression) and loops nested
 * more than two deep. Returns the first place, or undefined when all is well.
 */
export function guardExpression(ast: ASTNode): GuardIssue | undefined {
  return visit(ast, 0);
}

function visit(node: ASTNode, depth: number): GuardIssue | undefined {
  if (node.op === "call" && node.args[0] === "matches") return matchesIssue(node);
  if (node.op !== "rcall") return first(children(node), depth);
  const [name, receiver, args] = node.args;
  if (name === "matches") return matchesIssue(node);
  const isLoop = LOOPS.has(name) && args.length >= 2;
  if (isLoop && depth >= MAX_LOOP_NESTING) {
    return { ...node.range, message: `loops (${name} here) may be nested ${MAX_LOOP_NESTING} deep at most` };
  }
  return visit(receiver, depth) ?? first(args, isLoop ? depth + 1 : depth);
}

function matchesIssue(node: ASTNode): GuardIssue {
  const message = "matches() is not allowed, use startsWith, endsWith, contains or ==";
  return { ...node.range, message };
}

function first(nodes: readonly ASTNode[], depth: number): GuardIssue | undefined {
  for (const node of nodes) {
    const issue = visit(node, depth);
    if (issue) return issue;
  }
  return undefined;
}

/** All nodes right below, whatever the operator. */
function children(node: ASTNode): ASTNode[] {
  const args: unknown = node.args;
  if (isNode(args)) return [args];
  return Array.isArray(args) ? args.flat(2).filter(isNode) : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "range" in value;
}
