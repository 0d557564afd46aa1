import type { Notice } from "../alerts/notice.ts";

/** One notice owed to one destination. */
export interface Delivery {
  /** Derived from what it says, so writing it twice is one delivery. The same on every attempt: the idempotency key. */
  readonly id: string;
  readonly destination: string;
  /** `rule namespace/service`: deliveries of one subject to one destination go out in the order they were accepted. */
  readonly subject: string;
  /** Rises with each accepted delivery: the order of sending. */
  readonly sequence: number;
  readonly notice: Notice;
  readonly acceptedAtMs: number;
  /** After this it is no longer tried: a dead letter with the reason `expired`. */
  readonly expiresAtMs: number;
  /** Requests made so far. */
  readonly attempts: number;
  /** Rounds of attempts that ended without success: the outbox waits longer after each. */
  readonly rounds: number;
  /** Not to be tried before. */
  readonly nextAtMs: number;
  /** Why the last attempt did not succeed. */
  readonly lastReason: string | undefined;
}

/** How one attempt ended. Reasons are few and fixed (they are metric labels); `detail` is for people and holds no secret. */
export type Outcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "retry"; readonly reason: string; readonly detail?: string; readonly afterMs?: number }
  | { readonly kind: "refused"; readonly reason: string; readonly detail?: string };

/** Delivered and dead deliveries leave the outbox; the ledger remembers how. */
export type DeliveryEnd =
  | { readonly kind: "delivered"; readonly atMs: number }
  | {
      readonly kind: "dead";
      readonly atMs: number;
      readonly reason: string;
      readonly detail: string | undefined;
    };
