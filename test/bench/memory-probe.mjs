// Preloaded into the measured process with `--expose-gc --import`: answers any message with what the process holds, as
// `MemoryUse` of memory.ts. Plain JavaScript, since the code that strips types would be measured as well.
import { setTimeout } from "node:timers/promises";

process.on("message", () => void answer());
process.channel?.unref();

async function answer() {
  const rssBefore = process.memoryUsage.rss();
  // The second one finds what finalizers of the first let go; pages go back to the system a little later.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await setTimeout(100);
  }
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ rssBefore, rss, heapUsed });
}
