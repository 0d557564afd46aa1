/** The label of a Service that silences what rules say about it. */
export const SILENCED_UNTIL_LABEL = "ringbell.dev/silenced-until";

/** What a Service's label asks for: nothing, silence until then (epoch milliseconds), or what nobody can read. */
export type LabelledSilence =
  | { readonly kind: "none" }
  | { readonly kind: "until"; readonly untilMs: number }
  | { readonly kind: "unreadable"; readonly value: string };

// Label values allow no colon and no plus: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt_](\d{2})[.\-_]?(\d{2})(?:[.\-_]?(\d{2}))?[Zz]?)?$/;
const EPOCH_SECONDS = /^\d{10}$/;

/**
 * Reads the label: `2026-12-01T20.00.00Z` (a colon may be `.`, `-`, `_` or nothing; seconds and `Z` may be missing, it is always
 * UTC), `2026-12-01` (until that day begins, in UTC), or epoch seconds.
 */
export function readSilencedUntil(labels: Readonly<Record<string, string>>): LabelledSilence {
  const value = labels[SILENCED_UNTIL_LABEL];
  if (value === undefined || value === "") return { kind: "none" };
  if (EPOCH_SECONDS.test(value)) return { kind: "until", untilMs: Number(value) * 1000 };
  const [, year, month, day, hour = "00", minute = "00", second = "00"] = TIME.exec(value) ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const untilMs = Date.parse(`${iso}Z`);
  // `Date.parse` makes March out of the 30th of February.
  const isReal = !Number.isNaN(untilMs) && new Date(untilMs).toISOString().startsWith(iso);
  return isReal ? { kind: "until", untilMs } : { kind: "unreadable", value };
}

/** Until when a Service's label silences, in epoch milliseconds; undefined when it does not, or cannot be read. */
export function silencedUntilMs(labels: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const read = readSilencedUntil(labels);
  return read.kind === "until" && read.untilMs > nowMs ? read.untilMs : undefined;
}

/** Finds labels that nobody can read: each value of a Service once, not at each event of its ring. */
export class UnreadableLabels {
  readonly #told = new Map<string, string>();

  /** What is to be reported about this ring; undefined when that is nothing, or nothing new. */
  note(ring: {
    readonly key: string;
    readonly labels: Readonly<Record<string, string>>;
  }): string | undefined {
    const read = readSilencedUntil(ring.labels);
    if (read.kind !== "unreadable") {
      this.#told.delete(ring.key);
      return undefined;
    }
    if (this.#told.get(ring.key) === read.value) return undefined;
    this.#told.set(ring.key, read.value);
    return (
      `Cannot read label ${SILENCED_UNTIL_LABEL}=${read.value} of Service ${ring.key}, so it silences nothing: ` +
      "wanted a time such as 2026-12-01T20.00.00Z, a date such as 2026-12-01, or epoch seconds"
    );
  }
}
