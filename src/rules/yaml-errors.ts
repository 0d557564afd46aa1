import type { YAMLError } from "yaml";
import type { Finding, Span } from "./problem.ts";

/** Our words by the yaml package's code. Its own messages may quote the source, which may be a secret. */
const WORDS: Readonly<Record<string, readonly [message: string, hint?: string]>> = {
  BAD_ALIAS: ["an alias (*name) may have neither anchor nor tag"],
  BAD_DQ_ESCAPE: ["unknown escape in double quotes", "write \\\\ for a backslash, or use single quotes"],
  BAD_INDENT: ["wrong indentation, or a bracket, brace or quote that is not closed"],
  BAD_SCALAR_START: ["a plain value cannot start with this character", "put the value in quotes"],
  BLOCK_AS_IMPLICIT_KEY: [
    "a second key on the line of the first",
    "put the value in quotes if it holds a colon",
  ],
  BLOCK_IN_FLOW: ["a block cannot stand inside { } or [ ]"],
  KEY_OVER_1024_CHARS: ["a key of more than 1024 characters"],
  MISSING_CHAR: ["a quote, bracket, brace, comma or colon is missing here"],
  MULTILINE_IMPLICIT_KEY: ["a key over several lines, or a line indented further than its neighbours"],
  MULTIPLE_DOCS: [
    "more than one YAML document: a rules file is one",
    "remove the line ---, or put the second document into a file of its own",
  ],
  NON_STRING_KEY: ["a key must be a string", "put the key in quotes"],
  RESOURCE_EXHAUSTION: ["nested too deeply"],
  TAB_AS_INDENT: ["a tab as indentation: YAML wants spaces"],
  TAG_RESOLVE_FAILED: ["YAML tags (!name) are not used here", "put the value in quotes if the ! is meant"],
};

/**
 * One error or warning of the YAML parser as a problem of ours. Both count as errors.
 * `open` is the quote or bracket that is open there, if any.
 */
export function yamlFinding(error: YAMLError, text: string, open: Span | undefined): Finding {
  const [start, end] = error.pos;
  const span = { start, end: Math.max(start + 1, end) };
  if (error.code === "DUPLICATE_KEY") {
    const [key] = /^[\w.-]{1,24}/.exec(text.slice(start)) ?? [];
    const message =
      key === undefined ? "this key stands twice in one map" : `key "${key}" stands twice in one map`;
    return { severity: "error", span: { start, end: start + (key?.length ?? 1) }, message };
  }
  if (open && (error.code === "MISSING_CHAR" || error.code === "BAD_INDENT")) {
    return { severity: "error", span: open, message: `this ${text[open.start]} is not closed` };
  }
  const [message, hint] = WORDS[error.code] ?? ["not valid YAML from here on"];
  return { severity: "error", span, message, hint };
}
