/** One thing that is wrong, or odd, in a rules file. Line and column count from 1. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** The file as the user named it. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it, when the message does not already say so. */
  readonly hint?: string;
  /** The lines around it with a marker below. Values of secrets are masked. */
  readonly frame?: string;
}

/** Offsets into the file's text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A problem before it has a line, a column and a frame. */
export interface Finding {
  readonly severity: "error" | "warning";
  readonly span: Span;
  readonly message: string;
  readonly hint?: string | undefined;
}
