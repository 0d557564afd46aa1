import { Child } from "./child.ts";
import type { Effort, Comparison } from "./measurement.ts";
import type { OutboxOrder } from "./outbox-process.ts";

/**
 * Notices per second through the durable outbox: events are decided, each notice is accepted in a SQLite transaction, sent to a
 * webhook in another process, and its outcome booked in SQLite. The same process then posts the very same requests with bare
 * undici, as many at once (64) on as many connections.
 */
export async function measureOutbox({ quick }: Effort): Promise<Comparison> {
  using child = new Child("outbox-process.ts");
  const order: OutboxOrder = { services: 4000, rounds: quick ? 4 : 12 };
  return await child.ask<Comparison>(order);
}
