import { CEL_LIMITS } from "./cel-limits.ts";

/** A message of the CEL library, in words for people who write rules; with a hint where one helps. */
export interface CelWords {
  readonly message: string;
  readonly hint?: string;
}

/** Says what the library's summary says. `text` is what stands at the place that it means; empty for the end. */
export function wordsFor(summary: string, text: string): CelWords {
  const plain = summary.replaceAll(/google\.protobuf\.(Timestamp|Duration)/g, (_whole, type: string) =>
    type.toLowerCase(),
  );
  for (const [pattern, say] of SAYINGS) {
    const match = pattern.exec(plain);
    if (match) return say(match.slice(1), text);
  }
  return { message: `${plain.charAt(0).toLowerCase()}${plain.slice(1)}` };
}

type Say = (groups: readonly string[], text: string) => CelWords;

const SAYINGS: readonly (readonly [RegExp, Say])[] = [
  [/^Unexpected token: EOF$/, () => ({ message: "the expression ends too early" })],
  [/^Unexpected (?:token|character)/, (_groups, text) => unexpected(text)],
  [/^Expected (\w+), got EOF$/, ([wanted = ""]) => ({ message: `${token(wanted)} is missing at the end` })],
  [
    /^Expected (\w+), got /,
    ([wanted = ""], text) => ({ message: `${token(wanted)} is missing before "${shown(text)}"` }),
  ],
  [/^Reserved identifier/, (_groups, text) => ({ message: `"${shown(text)}" is a word that CEL reserves` })],
  [
    /^found no matching overload for '(.+)'$/,
    ([call = ""]) => ({
      message: `no function ${call}: it takes other types, or another number of arguments`,
    }),
  ],
  [
    /^(\w+)\(var, .+ invalid predicate iteration variable$/,
    ([name = ""]) => ({ message: `the first argument of ${name}() must be a name of your own, such as m` }),
  ],
  [
    /^(\w+)\(var, .+ must return bool, got '(.+)'$/,
    ([name = "", type = ""]) => ({
      message: `${name}() must be told true or false for each item, not ${type}`,
    }),
  ],
  [
    /^(?:List index must be int, got 'string'|Cannot index type '(.+)')$/,
    ([type = "list"], text) => ({ message: `a ${type} has no field "${shown(text)}"` }),
  ],
  [
    /^no such overload: (\w[^ ]*) ([^ ]+) (.+)$/,
    ([left = "", sign = "", right = ""]) => mismatch(left, sign, right),
  ],
  [
    /^no such overload: ([!-])(.+)$/,
    ([sign = "", type = ""]) => ({ message: `${sign} does not go with ${type}` }),
  ],
  [
    /^Exceeded maxAstNodes/,
    () => ({
      message: `the expression is too large: it may have ${CEL_LIMITS.maxAstNodes} names, values and calls`,
    }),
  ],
  [
    /^Exceeded maxDepth/,
    () => ({
      message: `the expression is too deep: brackets and calls may be nested ${CEL_LIMITS.maxDepth} deep`,
    }),
  ],
];

function mismatch(left: string, sign: string, right: string): CelWords {
  const message = `${sign} does not go with ${left} and ${right}`;
  const types = [left, right];
  if (types.every((type) => NUMBERS.has(type)))
    return { message, hint: "write double( ) around the other one" };
  if (types.includes("duration") && types.includes("int")) return { message, hint: 'write duration("5m")' };
  if (sign === "+" && left === "duration" && right === "timestamp") {
    return { message, hint: "write the timestamp first" };
  }
  if (left === right && OWN_TYPES.has(left)) return { message, hint: "compare their names" };
  return types.includes("string") && sign === "+"
    ? { message, hint: "write string( ) around the other one" }
    : { message };
}

const NUMBERS: ReadonlySet<string> = new Set(["int", "uint", "double"]);
const OWN_TYPES: ReadonlySet<string> = new Set(["Member", "Zone", "Node"]);

function unexpected(text: string): CelWords {
  const message = `unexpected "${shown(text)}"`;
  const hint = MEANT[text];
  return hint === undefined ? { message } : { message, hint };
}

const MEANT: Readonly<Record<string, string>> = {
  "=": "write == to compare",
  "&": "write &&",
  "|": "write ||",
  and: "write &&",
  or: "write ||",
  not: "write !",
};

function token(name: string): string {
  return TOKENS[name] ?? name.toLowerCase();
}

const TOKENS: Readonly<Record<string, string>> = {
  IDENTIFIER: "a name",
  RPAREN: '")"',
  RBRACKET: '"]"',
  RBRACE: '"}"',
  COLON: '":"',
};

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
