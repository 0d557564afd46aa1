import type { Alert } from "../alerts/alert.ts";
import type { Baseline } from "../alerts/baseline.ts";
import type { GroupChange, GroupId, GroupMember, StoredGroup } from "../alerts/group.ts";
import type { Silence } from "../alerts/silence.ts";
import { subjectKey } from "../alerts/subject.ts";
import type { Delivery } from "../outbox/delivery.ts";
import type { Commit, EndedDelivery, Store, Stored } from "./store.ts";

/**
 * A store that lives as long as its object: for tests, `ringbell test` and the demo.
 * `load` after `commit` gives what a restart would find.
 */
export class MemoryStore implements Store {
  readonly #storeId: string;
  readonly #alerts = new Map<string, Alert>();
  readonly #baselines = new Map<string, Baseline>();
  readonly #silences = new Map<string, Silence>();
  readonly #groups = new Map<string, StoredGroup>();
  readonly #owed = new Map<string, Delivery>();
  readonly #ended = new Map<string, EndedDelivery>();
  #lastSequence = 0;

  constructor(storeId = "memory") {
    this.#storeId = storeId;
  }

  load(): Stored {
    return {
      storeId: this.#storeId,
      alerts: [...this.#alerts.values()],
      baselines: [...this.#baselines.values()],
      silences: [...this.#silences.values()],
      groups: [...this.#groups.values()],
      deliveries: [...this.#owed.values()].sort((a, b) => a.sequence - b.sequence),
      lastSequence: this.#lastSequence,
    };
  }

  commit(commit: Commit): readonly Delivery[] {
    for (const alert of commit.alerts ?? []) this.#alerts.set(subjectKey(alert.rule, alert.ring), alert);
    for (const baseline of commit.baselines ?? []) {
      this.#baselines.set(subjectKey(baseline.rule, baseline.ring), baseline);
    }
    for (const id of commit.forgotten?.silences ?? []) this.#silences.delete(id);
    for (const id of commit.forgotten?.groups ?? []) this.#groups.delete(groupId(id));
    for (const silence of commit.silences ?? []) this.#silences.set(silence.id, silence);
    for (const change of commit.groups ?? []) this.#putGroup(change);
    const accepted = (commit.accepted ?? []).filter((delivery) => this.#accept(delivery));
    for (const delivery of commit.rescheduled ?? []) {
      if (this.#owed.has(delivery.id)) this.#owed.set(delivery.id, delivery);
    }
    for (const ended of commit.ended ?? []) {
      this.#owed.delete(ended.delivery.id);
      this.#ended.set(ended.delivery.id, ended);
    }
    return accepted;
  }

  /** How deliveries ended, in the order they did. */
  ended(): readonly EndedDelivery[] {
    return [...this.#ended.values()];
  }

  close(): void {
    // Nothing is held open.
  }

  #putGroup({ group, members }: GroupChange): void {
    const id = groupId(group);
    const stored = new Map<string, GroupMember>(this.#groups.get(id)?.members);
    for (const [subject, member] of members) {
      if (member) stored.set(subject, member);
      else stored.delete(subject);
    }
    this.#groups.set(id, { group, members: stored });
  }

  #accept(delivery: Delivery): boolean {
    if (this.#owed.has(delivery.id) || this.#ended.has(delivery.id)) return false;
    this.#owed.set(delivery.id, delivery);
    this.#lastSequence = Math.max(this.#lastSequence, delivery.sequence);
    return true;
  }
}

function groupId({ destination, key }: GroupId): string {
  return `${destination} ${key}`;
}
