import type { Delivery } from "../../src/outbox/delivery.ts";
import { changeNotice } from "./notices.ts";

let made = 0;

/** A delivery to `hook` about `pod-left-ring data/cassandra`, due at 0; give what differs. */
export function delivery(differs: Partial<Delivery> = {}): Delivery {
  const sequence = differs.sequence ?? ++made;
  return {
    id: `msg_${sequence}`,
    destination: "hook",
    subject: "pod-left-ring data/cassandra",
    sequence,
    notice: changeNotice(),
    acceptedAtMs: 0,
    expiresAtMs: 900_000,
    attempts: 0,
    rounds: 0,
    nextAtMs: 0,
    lastReason: undefined,
    ...differs,
  };
}
