import { VirtualClock } from "../../src/runtime/virtual-clock.ts";

/** A virtual clock that counts how often it calls back. Throws `RangeError` when somebody asks to be called back at once. */
export class WatchedClock extends VirtualClock {
  calls = 0;

  override at(atMs: number, callback: () => void): () => void {
    if (atMs <= this.now()) throw new RangeError(`a timer is set for ${atMs}, and it is ${this.now()}`);
    return super.at(atMs, () => {
      this.calls++;
      callback();
    });
  }
}
