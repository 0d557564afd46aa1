import type { Clock } from "./clock.ts";

/** One timer, for the earliest of many deadlines: setting it moves it. */
export class OneTimer {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #set: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** To the earliest of these times, in epoch milliseconds; to none where all are undefined. */
  set(times: readonly (number | undefined)[]): void {
    // Asked at every event, and nearly always the answer is as before.
    let atMs: number | undefined;
    for (const time of times) if (time !== undefined && !(time >= (atMs ?? Infinity))) atMs = time;
    if (this.#set?.atMs === atMs) return;
    this.cancel();
    if (atMs === undefined) return;
    const cancel = this.#clock.at(atMs, () => {
      this.#set = undefined;
      this.#onDue();
    });
    this.#set = { atMs, cancel };
  }

  cancel(): void {
    this.#set?.cancel();
    this.#set = undefined;
  }
}
