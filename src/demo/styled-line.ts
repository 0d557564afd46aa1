import { styleText } from "node:util";

/** The colours and weights in use. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan" | "magenta" | "blue" | "inverse";

/** A piece of text in one style, or in several. It holds no line break and no escape sequence. */
export interface Span {
  readonly text: string;
  readonly styles: readonly Style[];
}

/** One line on the screen. */
export type Line = readonly Span[];

/** A piece of text; without styles it looks like the terminal's own. */
export function span(text: string, ...styles: readonly Style[]): Span {
  return { text, styles };
}

/** How many columns a line takes; all of the demo's characters take one, and one UTF-16 unit. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** The line in exactly `width` columns: filled up with blanks, or cut with an ellipsis. */
export function fitted(line: Line, width: number): Line {
  const cut = cutTo(line, width);
  const missing = width - widthOf(cut);
  return missing > 0 ? [...cut, span(" ".repeat(missing))] : cut;
}

/** The line in at most `width` columns; what is cut ends in `…`. */
export function cutTo(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  if (width < 1) return [];
  const kept: Span[] = [];
  let room = width - 1;
  for (const { text, styles } of line) {
    const part = text.slice(0, room);
    room -= part.length;
    if (part !== "") kept.push({ text: part, styles });
  }
  return [...kept, span("…")];
}

/**
 * Breaks a line between words so that each part takes at most `width` columns; a longer word is cut with an ellipsis.
 * All parts but the first are set in by `indent` columns.
 */
export function wrapped(line: Line, width: number, indent = 0): readonly Line[] {
  const lines: Line[] = [];
  let current: Span[] = [];
  let room = width;
  for (const word of wordsOf(line)) {
    const isBlank = word.every(({ text }) => text.trim() === "");
    if (widthOf(current) + widthOf(word) > room && current.length > 0) {
      lines.push(trimmedEnd(current));
      current = [];
      room = width - indent;
    }
    if (!isBlank || current.length > 0 || lines.length === 0) current.push(...cutTo(word, room));
  }
  const last = trimmedEnd(current);
  if (last.length > 0 || lines.length === 0) lines.push(last);
  return lines.map((part, index) => (index > 0 && indent > 0 ? [span(" ".repeat(indent)), ...part] : part));
}

/** The line as it is written to a terminal, without colour where none is wanted. */
export function painted(line: Line, colour: boolean): string {
  return line
    .map(({ text, styles }) =>
      colour && styles.length > 0 ? styleText([...styles], text, { validateStream: false }) : text,
    )
    .join("");
}

/** Words and the blanks between them, in turn; a word may be of several styles. */
function wordsOf(line: Line): Span[][] {
  const words: Span[][] = [];
  let wasBlank: boolean | undefined;
  for (const { text, styles } of line) {
    for (const part of text.match(/\s+|\S+/g) ?? []) {
      const isBlank = part.trim() === "";
      const word = words.at(-1);
      if (word && isBlank === wasBlank) word.push({ text: part, styles });
      else words.push([{ text: part, styles }]);
      wasBlank = isBlank;
    }
  }
  return words;
}

function trimmedEnd(line: readonly Span[]): Line {
  const end = line.findLastIndex(({ text }) => text.trim() !== "");
  return line.slice(0, end + 1);
}
