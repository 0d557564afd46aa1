import type { Clock } from "../runtime/clock.ts";

/** A file that is being followed. */
export interface FollowedFile {
  /** Looks now instead of at the next time. */
  check(): void;
  stop(): void;
}

/** A mounted ConfigMap is swapped by a symlink two levels up, which file notifications miss: reading it does not. */
const EVERY_MS = 1_000;

/**
 * Calls back with the new text of a file whenever it differs from the last one. A file that cannot be read for a moment,
 * as in the middle of a swap, is looked at again the next time; `onUnreadable` hears of it once.
 */
export function followFile(options: {
  readonly read: () => string;
  readonly text: string;
  readonly clock: Clock;
  readonly onText: (text: string) => void;
  readonly onUnreadable: (error: unknown) => void;
}): FollowedFile {
  const { read, clock, onText, onUnreadable } = options;
  let last = options.text;
  let isReadable = true;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    let text: string;
    try {
      text = read();
      isReadable = true;
    } catch (error) {
      if (isReadable) onUnreadable(error);
      isReadable = false;
      return;
    }
    if (text === last) return;
    last = text;
    onText(text);
  };
  const arm = (): void => {
    cancel = clock.at(clock.now() + EVERY_MS, () => {
      look();
      arm();
    });
  };
  arm();
  return { check: look, stop: () => cancel() };
}
