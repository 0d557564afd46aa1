/** What sort of happening it is; it has its own sign and colour. */
export type Tone =
  /** Somebody or something does this to the cluster. */
  | "cause"
  | "ready"
  | "unready"
  | "terminating"
  | "gone"
  /** Nobody is told, and why. */
  | "quiet"
  /** Something holds, but not for long enough yet. */
  | "pending"
  | "fire"
  | "resolve"
  | "change"
  /** A receiver has it. */
  | "sent"
  | "problem";

/** One thing to tell on one side of the screen: about the cluster, or what Ringbell makes of it. */
export interface Happening {
  /** Epoch milliseconds on the story's clock. */
  readonly atMs: number;
  readonly side: "cluster" | "ringbell";
  readonly tone: Tone;
  readonly text: string;
}

/** A happening before it has got its time and side. `once`: a repeated one of this key is left out until the next chapter. */
export interface Said {
  readonly tone: Tone;
  readonly text: string;
  readonly once?: string;
}

/** `0:09`, `3:40`: minutes and seconds of the story. */
export function storyTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** `8 s`, `1 min 30 s`: rounded to seconds. */
export function spanWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} s`;
  return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
