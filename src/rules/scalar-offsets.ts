/**
 * Where each character of a YAML scalar's value stands in the file. Walks value and source side by side, stepping
 * over what YAML adds: quotes, escapes, indentation, folded line breaks. Returns undefined at a value character
 * that cannot be found, so that the caller can point at the whole scalar instead.
 */
export function scalarOffset(text: string, scalar: ScalarPlace, index: number): number | undefined {
  let at = contentStart(text, scalar);
  for (let i = 0; i < scalar.value.length; i += 1) {
    const step = stepOver(text, scalar, at, scalar.value[i] ?? "");
    if (step === undefined) return undefined;
    if (i === index) return step.at;
    at = step.next;
  }
  return index === scalar.value.length && at <= scalar.end ? at : undefined;
}

/** A scalar as the parser found it; offsets count in the file's text. */
export interface ScalarPlace {
  readonly value: string;
  readonly style: "plain" | "single" | "double" | "block";
  readonly start: number;
  readonly end: number;
}

function contentStart(text: string, { style, start }: ScalarPlace): number {
  if (style === "plain") return start;
  // The header of a block (`|-`, `>2 # comment`) ends with its line.
  return style === "block" ? text.indexOf("\n", start) + 1 : start + 1;
}

interface Step {
  readonly at: number;
  readonly next: number;
}

function stepOver(text: string, scalar: ScalarPlace, from: number, char: string): Step | undefined {
  let at = from;
  for (;;) {
    const source = text[at];
    if (source === undefined || at >= scalar.end) return undefined;
    if (scalar.style === "double" && source === "\\") {
      const length = escapeLength(text, at);
      if (length > 0) return { at, next: at + length };
      at += 2;
    } else if (source === char) {
      return { at, next: at + (scalar.style === "single" && char === "'" ? 2 : 1) };
    } else if (char === " " && source === "\n") {
      return { at, next: at + 1 };
    } else if (/\s/.test(source)) {
      at += 1;
    } else {
      return undefined;
    }
  }
}

/** Of one escape in double quotes; 0 for an escaped line break, which gives no character. */
function escapeLength(text: string, at: number): number {
  const letter = text[at + 1];
  if (letter === "\n" || letter === "\r") return 0;
  if (letter === "x") return 4;
  if (letter === "u") return 6;
  return letter === "U" ? 10 : 2;
}
