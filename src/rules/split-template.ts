import type { Span } from "./problem.ts";

/** Plain text, or the inside of a `{{ }}` hole. `span` says where it stands in the template. */
export interface TemplatePiece {
  readonly kind: "text" | "hole";
  readonly text: string;
  readonly span: Span;
}

/** The pieces in order, or the place of a `{{` that nothing closes. */
export type SplitResult =
  | { readonly ok: true; readonly pieces: readonly TemplatePiece[] }
  | { readonly ok: false; readonly unclosed: Span };

/** Cuts `text {{ CEL }} text` into pieces. Braces inside strings and map literals of the expression do not end a hole. */
export function splitTemplate(source: string): SplitResult {
  const pieces: TemplatePiece[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    const end = open < 0 ? source.length : open;
    if (end > at) pieces.push(piece("text", source, { start: at, end }));
    if (open < 0) break;
    const close = holeEnd(source, open + 2);
    if (close === undefined) return { ok: false, unclosed: { start: open, end: open + 2 } };
    pieces.push(piece("hole", source, trimmed(source, open + 2, close)));
    at = close + 2;
  }
  return { ok: true, pieces };
}

function piece(kind: TemplatePiece["kind"], source: string, span: Span): TemplatePiece {
  return { kind, text: source.slice(span.start, span.end), span };
}

/** The offset of the `}}` that ends a hole, from the first character of its expression on. */
function holeEnd(source: string, start: number): number | undefined {
  let depth = 0;
  let at = start;
  while (at < source.length) {
    const char = source[at];
    if (char === '"' || char === "'") {
      const end = stringEnd(source, at);
      if (end === undefined) return undefined;
      at = end;
      continue;
    }
    if (char === "{") depth += 1;
    else if (char === "}" && depth > 0) depth -= 1;
    else if (char === "}" && source[at + 1] === "}") return at;
    at += 1;
  }
  return undefined;
}

/**
 * The offset behind a CEL string literal that begins here. Like the CEL library, it takes `\\` as an escape in raw
 * strings too, so that both always agree where a string ends: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 */
function stringEnd(source: string, start: number): number | undefined {
  const char = source[start] ?? "";
  const quote = source.startsWith(char.repeat(3), start) ? char.repeat(3) : char;
  for (let at = start + quote.length; at < source.length; at += 1) {
    if (source[at] === "\\") at += 1;
    else if (source.startsWith(quote, at)) return at + quote.length;
  }
  return undefined;
}

function trimmed(source: string, start: number, end: number): Span {
  const text = source.slice(start, end);
  const leading = text.length - text.trimStart().length;
  const length = text.trim().length;
  return length === 0 ? { start, end } : { start: start + leading, end: start + leading + length };
}
