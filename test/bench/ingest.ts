import { Child } from "./child.ts";
import type { IngestOrder } from "./ingest-process.ts";
import type { Comparison, Effort } from "./measurement.ts";

/**
 * Events per second from the bytes on a loopback socket to decided alerts: a separate process writes prepared MODIFIED events of
 * a thousand Services as one watch, a fresh one takes them in with a hundred rules and its state in SQLite. The time ends
 * when the notice of a last event is decided, so nothing of what came before is left to do. In between, that process only calls
 * `JSON.parse(line.toString())` on the same lines.
 */
export async function measureIngest({
  quick,
}: Effort): Promise<{ readonly small: Comparison; readonly large: Comparison }> {
  const rounds = quick ? 2 : 10;
  // About 50 and 60 MB on the wire.
  const small = await measure({ plan: { services: 1000, endpoints: 3, passes: 20 }, rounds });
  const large = await measure({ plan: { services: 1000, endpoints: 100, passes: 2 }, rounds });
  return { small, large };
}

async function measure(order: IngestOrder): Promise<Comparison> {
  using child = new Child("ingest-process.ts");
  return await child.ask<Comparison>(order);
}
