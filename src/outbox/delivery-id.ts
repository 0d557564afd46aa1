import { createHash } from "node:crypto";
import type { Notice } from "../alerts/notice.ts";

/**
 * The id of what one notice says to one destination: the same whenever it is derived again, so that a delivery
 * accepted twice is one. `storeId` keeps the ids of a new store apart from those of a lost one; the time of the decision
 * does so for a store that lost its last commits with the machine's power and counts some generation anew.
 */
export function deliveryId(storeId: string, notice: Notice, destination: string): string {
  const occasion = notice.generation ?? notice.alert?.episode;
  const said = [storeId, notice.rule, notice.ring.key, notice.kind, occasion, notice.time, destination];
  return `msg_${createHash("sha256").update(JSON.stringify(said)).digest("base64url").slice(0, 27)}`;
}
