import { type Silence, type Silenceable, silenceEndMs, silenceMatches, silenceState } from "./silence.ts";

/** More silences than this, pending or active, are a mistake: each is asked at each notice. */
export const SILENCES_MAX = 1000;
/** One that is over is kept so long: people ask why they were not told. */
export const KEEP_EXPIRED_MS = 5 * 86_400_000;

/** What of silences is to be stored. */
export interface SilenceChanges {
  readonly silences: readonly Silence[];
  /** Ids of those that are dropped. */
  readonly forgotten: readonly string[];
}

/** All silences, those that are over for a while too. */
export class SilenceBook {
  readonly #silences = new Map<string, Silence>();
  #changed = new Map<string, Silence>();
  #forgotten = new Set<string>();

  constructor(stored: readonly Silence[]) {
    for (const silence of stored) this.#silences.set(silence.id, silence);
  }

  /** Takes a silence in, as long as fewer than `SILENCES_MAX` others are not over. */
  add(silence: Silence, nowMs: number): "added" | "tooMany" {
    this.onTime(nowMs);
    const open = [...this.#silences.values()].filter((each) => silenceState(each, nowMs) !== "expired");
    if (open.length >= SILENCES_MAX) return "tooMany";
    this.#put(silence);
    return "added";
  }

  /** Ends a silence now. One that is over stays as it is. Undefined when there is none of this id. */
  expire(id: string, nowMs: number): Silence | undefined {
    this.onTime(nowMs);
    const silence = this.#silences.get(id);
    if (!silence || silenceState(silence, nowMs) === "expired") return silence;
    const expired: Silence = { ...silence, expiredAtMs: nowMs };
    this.#put(expired);
    return expired;
  }

  /** Those that are not over, the first to end first; then those that have been over for up to five days, the last to end first. */
  list(nowMs: number): readonly Silence[] {
    const rank = (silence: Silence): number => (silenceState(silence, nowMs) === "expired" ? 1 : 0);
    const kept = [...this.#silences.values()].filter(
      (silence) => nowMs < silenceEndMs(silence) + KEEP_EXPIRED_MS,
    );
    return kept.sort((a, b) => {
      const order = rank(a) - rank(b) || silenceEndMs(a) - silenceEndMs(b) || (a.id < b.id ? -1 : 1);
      return rank(a) === 1 && rank(b) === 1 ? -order : order;
    });
  }

  /** Of the active silences that match the one that ends last. */
  match(about: Silenceable, nowMs: number): Silence | undefined {
    let found: Silence | undefined;
    for (const silence of this.#silences.values()) {
      if (silenceState(silence, nowMs) !== "active" || !silenceMatches(silence, about)) continue;
      if (!found || silenceEndMs(silence) > silenceEndMs(found)) found = silence;
    }
    return found;
  }

  get isEmpty(): boolean {
    return this.#silences.size === 0;
  }

  /** Drops what has been over for long enough; so does whatever changes the book. */
  onTime(nowMs: number): void {
    for (const silence of this.#silences.values()) {
      if (nowMs < silenceEndMs(silence) + KEEP_EXPIRED_MS) continue;
      this.#silences.delete(silence.id);
      this.#changed.delete(silence.id);
      this.#forgotten.add(silence.id);
    }
  }

  /** When a silence begins, ends, or is to be dropped by `onTime` next, in epoch milliseconds; after `nowMs`. */
  nextChangeMs(nowMs: number): number | undefined {
    const times = [...this.#silences.values()].flatMap((silence) => {
      const endMs = silenceEndMs(silence);
      return [silence.startsAtMs, endMs, endMs + KEEP_EXPIRED_MS];
    });
    const next = Math.min(...times.filter((atMs) => atMs > nowMs));
    return Number.isFinite(next) ? next : undefined;
  }

  /** What changed since the last call. */
  takeChanges(): SilenceChanges {
    const changes = { silences: [...this.#changed.values()], forgotten: [...this.#forgotten] };
    this.#changed = new Map();
    this.#forgotten = new Set();
    return changes;
  }

  #put(silence: Silence): void {
    this.#silences.set(silence.id, silence);
    this.#changed.set(silence.id, silence);
    this.#forgotten.delete(silence.id);
  }
}
