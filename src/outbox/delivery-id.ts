import { createHash } from "node:crypto";
import type { Notice } from "../alerts/notice.ts";

/**
 * The id of what one notice says to one destination: the same whenever it is derived again, so that a delivery
 * accepted twice is one. `storeId` keeps the ids of a new store apart from those of a lost one.
 */
export function deliveryId(storeId: string, notice: Notice, destination: string): string {
  const occasion = notice.generation ?? notice.alert?.episode ?? notice.time;
  const said = [storeId, notice.rule, notice.ring.key, notice.kind, occasion, destination];
  return `msg_${createHash("sha256").update(JSON.stringify(said)).digest("base64url").slice(0, 27)}`;
}
