import type { Notice, NoticeAlert, NoticeChange, NoticeGroup } from "../alerts/notice.ts";
import type { CelContext } from "../rules/cel-check.ts";
import { CelGroupAlert } from "../rules/cel-group-alert.ts";
import { CelDeparture, CelMember, CelMemberChange } from "../rules/cel-values.ts";
import type { Member, MemberChange } from "../ring/ring.ts";

/** What a body's holes see: the notice as `notice.schema.json` has it, typed. */
export interface NoticeContext extends CelContext {
  readonly notice: Readonly<Record<string, unknown>>;
}

/** Puts a notice into the form that expressions see. What it lacks is undefined, so that `has()` tells. */
export function noticeContext(notice: Notice, deliveryId: string): NoticeContext {
  const { labels, ring, counts, alert, group, change, generation, previousGeneration } = notice;
  return {
    sizes: () => ({ items: longest(notice), zones: 1 }),
    notice: {
      ...notice,
      deliveryId,
      version: BigInt(notice.version),
      time: new Date(notice.time),
      labels: new Map(Object.entries(labels)),
      ring: { ...ring, labels: new Map(Object.entries(ring.labels)) },
      counts: Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, BigInt(count)])),
      generation: generation === undefined ? undefined : BigInt(generation),
      previousGeneration: previousGeneration === undefined ? undefined : BigInt(previousGeneration),
      alert: alert && alertValues(alert),
      group: group && groupValues(group),
      change: change && changeValues(change),
    },
  };
}

function alertValues(alert: NoticeAlert): Record<string, unknown> {
  return {
    ...alert,
    episode: BigInt(alert.episode),
    since: new Date(alert.since),
    firedAt: new Date(alert.firedAt),
    resolvedAt: alert.resolvedAt === undefined ? undefined : new Date(alert.resolvedAt),
    notReady: members(alert.notReady),
  };
}

function groupValues(group: NoticeGroup): Record<string, unknown> {
  return {
    by: new Map(Object.entries(group.by)),
    alerts: group.alerts.map((alert) => new CelGroupAlert(alert)),
    firing: BigInt(group.firing),
    resolved: BigInt(group.resolved),
  };
}

function changeValues(change: NoticeChange): Record<string, unknown> {
  return {
    ...change,
    firstChangeAt: new Date(change.firstChangeAt),
    settledAt: new Date(change.settledAt),
    before: members(change.before),
    after: members(change.after),
    joined: members(change.joined),
    left: members(change.left),
    replaced: changes(change.replaced),
    moved: changes(change.moved),
    becameReady: members(change.becameReady),
    becameUnready: members(change.becameUnready),
    departures: change.departures?.map((departure) => new CelDeparture(departure)),
  };
}

function members(list: readonly Member[]): CelMember[] {
  return list.map((member) => new CelMember(member));
}

function changes(list: readonly MemberChange[]): CelMemberChange[] {
  return list.map((change) => new CelMemberChange(change));
}

function longest({ labels, ring, alert, group, change }: Notice): number {
  const lists = [
    Object.keys(labels),
    Object.keys(ring.labels),
    alert?.notReady,
    alert?.items,
    group?.alerts,
    ...Object.values(change ?? {}),
  ];
  return Math.max(...lists.map((list: unknown) => (Array.isArray(list) ? list.length : 0)));
}
