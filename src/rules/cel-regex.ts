import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";
import type { Span } from "./problem.ts";

/** Longer patterns are mistakes. */
const MAX_PATTERN_LENGTH = 1000;

/** RE2's measure of what a pattern costs at each character: `(\pL{500}){2}` has a size of 1006. */
const MAX_PROGRAM_SIZE = 1000;

/** A use that Ringbell refuses while it reads an expression. `summary` and `range` are as in the library's own errors. */
class CelMisuse extends Error {
  readonly summary: string;
  readonly range: Span;

  constructor(summary: string, range: Span) {
    super(summary);
    this.summary = summary;
    this.range = range;
  }
}

/** The parts of the library's checker and evaluator that a macro needs; its types leave them open. */
interface Checker {
  check(node: ASTNode, context: unknown): { readonly name: string; readonly kind: string };
  getType(name: string): unknown;
}
interface Evaluator {
  run(node: ASTNode, context: unknown): unknown;
}
interface MacroCall {
  readonly ast: ASTNode;
  readonly args: readonly ASTNode[];
  readonly receiver: ASTNode;
}

/**
 * Adds `string.re("pattern")`: whether RE2 finds the pattern anywhere in the string. RE2 takes time linear in the text,
 * where JavaScript's own expressions can take years: https://github.com/google/re2/wiki/WhyRE2
 * A macro, so that a pattern is compiled once, when the rules file is loaded, and a wrong one is an error there.
 */
export function registerRegex(environment: Environment): Environment {
  return environment.registerFunction("string.re(ast): bool", ({ args, receiver }: MacroCall) => {
    const pattern = compiledPattern(args[0]);
    return {
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: unknown) {
        const type = checker.check(receiver, context);
        if (type.name === "string" || type.kind === "dyn") return checker.getType("bool");
        throw new CelMisuse(`re() tests a string, not ${type.name}`, receiver.range);
      },
      evaluate(evaluator: Evaluator, _macro: unknown, context: unknown) {
        const text = evaluator.run(receiver, context);
        if (typeof text === "string") return pattern.test(text);
        throw new CelMisuse("re() tests a string, and this is none", receiver.range);
      },
    };
  });
}

function compiledPattern(node: ASTNode | undefined): RE2JS {
  if (node?.op !== "value" || typeof node.args !== "string") {
    throw new CelMisuse(
      "the pattern of re() must be written out, as a string",
      node?.range ?? { start: 0, end: 1 },
    );
  }
  if (node.args.length > MAX_PATTERN_LENGTH) {
    throw new CelMisuse(`the pattern may have ${MAX_PATTERN_LENGTH} characters at most`, node.range);
  }
  const pattern = compile(node.args, node.range);
  if (pattern.programSize() > MAX_PROGRAM_SIZE) {
    throw new CelMisuse("the pattern costs too much: repeat less, or less often", node.range);
  }
  return pattern;
}

function compile(pattern: string, range: Span): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    const why = said.replace(/^error parsing regexp: /, "");
    throw new CelMisuse(`not an RE2 pattern: ${why === "" ? "it cannot be read" : why}`, range);
  }
}
