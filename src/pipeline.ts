import { AlertBook } from "./alerts/alert-book.ts";
import type { Alert } from "./alerts/alert.ts";
import type { Baseline } from "./alerts/baseline.ts";
import type { Notice } from "./alerts/notice.ts";
import { type Blindness, SelfAlerts } from "./alerts/self-alerts.ts";
import { subjectKey } from "./alerts/subject.ts";
import type { SliceEvent, Source } from "./cluster/slice.ts";
import { type Scope, scopeCovers } from "./cluster/watch-plan.ts";
import { deliveryId } from "./outbox/delivery-id.ts";
import type { Delivery } from "./outbox/delivery.ts";
import type { Outbox, Settlement } from "./outbox/outbox.ts";
import { absentRing, RingBook } from "./ring/ring-book.ts";
import type { Ring } from "./ring/ring.ts";
import type { Rule } from "./rules/rule.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Logger } from "./runtime/logger.ts";
import type { EndedDelivery, Store } from "./state/store.ts";

/** What the pipeline works with. */
export interface PipelineOptions {
  readonly rules: readonly Rule[];
  /** Destinations that hear of Ringbell's own troubles. */
  readonly selfNotify: readonly string[];
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long deliveries to a destination are tried, in milliseconds. */
  readonly retryForMs: (destination: string) => number;
  /** Runs a function after the I/O at hand: outcomes that come together are written together. */
  readonly defer: (work: () => void) => void;
  /** There are new deliveries in the outbox. */
  readonly onAccepted: () => void;
  readonly onNotice?: (notice: Notice, notify: readonly string[]) => void;
  /** A ring was taken in, before any rule has judged it. */
  readonly onRing?: (ring: Ring) => void;
  readonly onCommitFailed?: () => void;
}

/** After a failed transaction the next try comes this much later. */
const COMMIT_RETRY_MS = 1_000;

/**
 * The way from slices to owed deliveries: rings, rules, alerts, and one transaction that stores all of it before
 * anything may be sent. Knows no network; `run`, `test` and `replay` share it.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #storeId: string;
  readonly #alerts: AlertBook;
  readonly #selfAlerts: SelfAlerts;
  readonly #blind = new Map<string, Scope>();
  /** Scopes that have been listed. */
  readonly #listed = new Set<string>();
  readonly #books: Readonly<Record<Source, RingBook>>;
  #sequence: number;
  #unsaved = nothing();
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #isDeferred = false;
  #retryAtMs: number | undefined;

  /** Takes up the stored state: what is owed goes into the outbox. */
  constructor(options: PipelineOptions) {
    this.#options = options;
    const stored = options.store.load();
    this.#storeId = stored.storeId;
    this.#sequence = stored.lastSequence;
    this.#alerts = new AlertBook(options.rules, stored, (ring) => this.#isBlind(ring));
    this.#selfAlerts = new SelfAlerts(stored.alerts);
    this.#books = { endpointslices: new RingBook("endpointslices"), endpoints: new RingBook("endpoints") };
    for (const delivery of stored.deliveries) options.outbox.add(delivery);
  }

  /** Takes in one event of a scope's watch; call `onBatchEnd` when no more are at hand. */
  onEvent(scope: Scope, event: SliceEvent): void {
    const nowMs = this.#options.clock.now();
    const book = this.#books[scope.source];
    const covers = (namespace: string, service: string): boolean => scopeCovers(scope, namespace, service);
    book.apply(event, nowMs, covers);
    if (event.kind !== "listed") return;
    this.#listed.add(scope.id);
    this.#decideAbsent(scope, nowMs);
  }

  /** Decides, stores and hands over to the outbox what the events since the last call have brought. */
  onBatchEnd(): void {
    this.#advance();
  }

  /**
   * Goes on with other rules: alerts, holds, baselines and generations stay with the names of their rules. `plan` is the
   * new watch plan; what it does not cover is forgotten.
   */
  replaceRules(rules: readonly Rule[], plan: readonly Scope[]): void {
    const nowMs = this.#options.clock.now();
    this.#alerts.replaceRules(rules, nowMs);
    for (const [source, book] of Object.entries(this.#books) as [Source, RingBook][]) {
      const scopes = plan.filter((scope) => scope.source === source);
      book.keepOnly((namespace, service) => scopes.some((scope) => scopeCovers(scope, namespace, service)));
      for (const ring of book.rings()) this.#alerts.onRing(ring, nowMs);
    }
    const ids = new Set(plan.map((scope) => scope.id));
    for (const id of this.#listed) if (!ids.has(id)) this.#listed.delete(id);
    for (const id of this.#blind.keys()) if (!ids.has(id)) this.#blind.delete(id);
    for (const scope of plan) if (this.#listed.has(scope.id)) this.#decideAbsent(scope, nowMs);
    this.#advance();
  }

  /** A scope has shown no life since then: nothing of it is decided until `onSight`. */
  onBlind(scope: Scope, sinceMs: number, why: string | undefined): void {
    this.#blind.set(scope.id, scope);
    this.#tellSelf(scope, { sinceMs, why });
  }

  /** A scope can be seen: its list comes next, and decides with `onBatchEnd`. */
  onSight(scope: Scope): void {
    // What fell due in the dark waits for the list too.
    this.#alerts.onTime(this.#options.clock.now());
    this.#blind.delete(scope.id);
    this.#tellSelf(scope, undefined);
  }

  /** Books what became of a delivery; it is stored with what else ends in the same turn. */
  onSettled(settlement: Settlement): void {
    if (settlement.kind === "ended")
      this.#unsaved.ended.push({ delivery: settlement.delivery, end: settlement.end });
    else this.#unsaved.rescheduled.push(settlement.delivery);
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#options.defer(() => {
      this.#isDeferred = false;
      this.#commit();
    });
  }

  countAlerts(): { readonly pending: number; readonly firing: number } {
    return this.#alerts.countAlerts();
  }

  countRings(): number {
    return this.#books.endpointslices.size + this.#books.endpoints.size;
  }

  /** Why the last transaction could not be written yet. */
  get isUnsaved(): boolean {
    return this.#retryAtMs !== undefined;
  }

  /** Stores what is at hand and stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#retryAtMs = undefined;
    this.#commit();
  }

  /** Rings that are waited for and that a complete list does not show are absent. */
  #decideAbsent(scope: Scope, nowMs: number): void {
    for (const key of this.#alerts.awaitedRings(scope.source)) {
      const ring = absentRing(key, scope.source);
      const isCovered = scopeCovers(scope, ring.namespace, ring.service);
      if (isCovered && !this.#books[scope.source].knows(key)) this.#alerts.onRing(ring, nowMs);
    }
  }

  #advance(): void {
    const nowMs = this.#options.clock.now();
    for (const book of Object.values(this.#books)) {
      for (const ring of book.take(nowMs)) {
        this.#options.onRing?.(ring);
        this.#alerts.onRing(ring, nowMs);
      }
    }
    this.#alerts.onTime(nowMs);
    this.#alerts.onSight(nowMs);
    if (this.#alerts.hasDecisions) {
      this.#accept(nowMs);
      this.#commit();
    }
    this.#setTimer();
  }

  #accept(nowMs: number): void {
    const { alerts, baselines, notices, forgotten } = this.#alerts.takeDecisions();
    this.#unsaved.forgotten.push(...forgotten);
    this.#unsaved.alerts.push(...alerts);
    this.#unsaved.baselines.push(...baselines);
    for (const { rule, notice } of notices) this.#owe(notice, rule.notify, nowMs);
  }

  #owe(notice: Notice, notify: readonly string[], nowMs: number): void {
    this.#options.onNotice?.(notice, notify);
    for (const destination of notify) {
      this.#unsaved.accepted.push(this.#delivery(notice, destination, nowMs));
    }
  }

  #tellSelf(scope: Scope, blind: Blindness | undefined): void {
    const nowMs = this.#options.clock.now();
    const step = this.#selfAlerts.setBlind(scope, blind, nowMs);
    if (!step) return;
    this.#unsaved.alerts.push(step.alert);
    this.#owe(step.notice, this.#options.selfNotify, nowMs);
    this.#commit();
  }

  #isBlind({ source, namespace, service }: Ring): boolean {
    if (this.#blind.size === 0) return false;
    const covering = (scope: Scope): boolean =>
      scope.source === source && scopeCovers(scope, namespace, service);
    return this.#blind.values().some(covering);
  }

  #delivery(notice: Notice, destination: string, nowMs: number): Delivery {
    return {
      id: deliveryId(this.#storeId, notice, destination),
      destination,
      subject: subjectKey(notice.rule, notice.ring.key),
      sequence: ++this.#sequence,
      notice,
      acceptedAtMs: nowMs,
      expiresAtMs: nowMs + this.#options.retryForMs(destination),
      attempts: 0,
      rounds: 0,
      nextAtMs: nowMs,
      lastReason: undefined,
    };
  }

  #commit(): void {
    const { store, outbox, logger, clock, onAccepted, onCommitFailed } = this.#options;
    if (this.#retryAtMs !== undefined && clock.now() < this.#retryAtMs) return;
    const unsaved = this.#unsaved;
    if (Object.values(unsaved).every((rows) => rows.length === 0)) return;
    try {
      const accepted = store.commit(unsaved);
      this.#unsaved = nothing();
      this.#retryAtMs = undefined;
      for (const delivery of accepted) outbox.add(delivery);
      if (accepted.length > 0) onAccepted();
    } catch (error) {
      // Nothing of it is sent until it is stored: the disk may have room again in a moment.
      onCommitFailed?.();
      logger.error({ err: error }, "cannot store state, will try again");
      this.#retryAtMs = clock.now() + COMMIT_RETRY_MS;
      this.#setTimer();
    }
  }

  #setTimer(): void {
    const due = [
      this.#books.endpointslices.nextDueMs(),
      this.#books.endpoints.nextDueMs(),
      this.#alerts.nextDeadlineMs(),
      this.#retryAtMs,
    ].filter((atMs) => atMs !== undefined);
    const atMs = due.length > 0 ? Math.min(...due) : undefined;
    if (this.#timer?.atMs === atMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (atMs === undefined) return;
    const cancel = this.#options.clock.at(atMs, () => {
      this.#timer = undefined;
      this.#commit();
      this.#advance();
    });
    this.#timer = { atMs, cancel };
  }
}

function nothing() {
  return {
    alerts: [] as Alert[],
    baselines: [] as Baseline[],
    accepted: [] as Delivery[],
    rescheduled: [] as Delivery[],
    ended: [] as EndedDelivery[],
    forgotten: [] as { rule: string; ring: string }[],
  };
}
