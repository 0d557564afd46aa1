import type { Ring } from "../ring/ring.ts";
import type { NoticeCounts, NoticeRing } from "./notice.ts";

/** How many members the ring has, and in which state. A member that is terminating is in `total` too. */
export function countsOf(ring: Ring): NoticeCounts {
  const counts = { total: 0, ready: 0, serving: 0, terminating: 0 };
  for (const member of ring.members) {
    counts.total++;
    if (member.ready) counts.ready++;
    if (member.serving) counts.serving++;
    if (member.terminating) counts.terminating++;
  }
  return counts;
}

/** The ring without its members, as notices show it. */
export function noticeRing(ring: Ring): NoticeRing {
  const { key, namespace, service, source, present, labels } = ring;
  return { key, namespace, service, source, present, labels };
}
