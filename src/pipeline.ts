import { AlertBook } from "./alerts/alert-book.ts";
import type { Alert } from "./alerts/alert.ts";
import type { Baseline } from "./alerts/baseline.ts";
import type { Notice } from "./alerts/notice.ts";
import { BLIND_RULE, type Blindness, SelfAlerts } from "./alerts/self-alerts.ts";
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
  /** What is watched for them. */
  readonly plan: readonly Scope[];
  /** Destinations that hear of Ringbell's own troubles. */
  readonly selfNotify: readonly string[];
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long deliveries to a destination are tried, in milliseconds; undefined for one that is not in the rules file. */
  readonly retryForMs: (destination: string) => number | undefined;
  /** Runs a function a little later: outcomes that come together are written together. */
  readonly defer: (work: () => void) => void;
  /** Runs a function after the I/O at hand: so are decisions. */
  readonly soon: (work: () => void) => void;
  /** There are new deliveries in the outbox. */
  readonly onAccepted: () => void;
  readonly onNotice?: (notice: Notice, notify: readonly string[]) => void;
  /** A ring was taken in, before any rule has judged it. */
  readonly onRing?: (ring: Ring) => void;
  readonly onCommitFailed?: () => void;
}

/** After a failed transaction the next try comes this much later. */
const COMMIT_RETRY_MS = 1_000;
/** After a failure of Ringbell's own on a ring it is judged again this much later. */
const JUDGE_RETRY_MS = 10_000;

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
  /** A blind scope has been listed since the last decisions. */
  #isSighted = false;
  #isJustListed = false;
  #isClosed = false;
  #isSoon = false;
  readonly #books: Readonly<Record<Source, RingBook>>;
  #sequence: number;
  #selfNotify: readonly string[];
  #unsaved = nothing();
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #isDeferred = false;
  #retryAtMs: number | undefined;

  /** Takes up the stored state: what is owed goes into the outbox. Call `start` before anything else. */
  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#selfNotify = options.selfNotify;
    const stored = options.store.load();
    this.#storeId = stored.storeId;
    this.#sequence = stored.lastSequence;
    this.#books = { endpointslices: new RingBook("endpointslices"), endpoints: new RingBook("endpoints") };
    const nowMs = options.clock.now();
    this.#selfAlerts = new SelfAlerts(stored.alerts);
    this.#alerts = new AlertBook({
      rules: options.rules,
      stored: { ...stored, alerts: stored.alerts.filter((alert) => alert.rule !== BLIND_RULE) },
      nowMs,
      mayDecide: (ring) => !this.#isBlind(ring) && !this.#books[ring.source].isUnread(ring.key),
    });
    for (const delivery of stored.deliveries) this.#takeUp(delivery, nowMs);
  }

  /** Tells what ended while Ringbell was not running, because its rule was edited. Call it when all else is built. */
  start(): void {
    this.#endSelfAlerts(this.#options.plan);
    this.#advance();
  }

  /** True when some rule may select a Service of this name. */
  mayWant(source: Source, namespace: string, service: string): boolean {
    return this.#alerts.mayWant(source, namespace, service);
  }

  /** Takes in one event of a scope's watch; call `onBatchEnd` when no more are at hand. */
  onEvent(scope: Scope, event: SliceEvent): void {
    const nowMs = this.#options.clock.now();
    const book = this.#books[scope.source];
    const covers = (namespace: string, service: string): boolean => scopeCovers(scope, namespace, service);
    book.apply(event, nowMs, covers);
    if (event.kind !== "listed") return;
    // Sight begins with the list that decides, not before it: until now what was known may have been stale.
    this.#listed.add(scope.id);
    this.#isJustListed = true;
    if (this.#blind.delete(scope.id)) this.#isSighted = true;
    this.#tellSelf(scope.id, undefined);
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
  replaceRules(rules: readonly Rule[], plan: readonly Scope[], selfNotify: readonly string[]): void {
    const nowMs = this.#options.clock.now();
    this.#selfNotify = selfNotify;
    this.#alerts.replaceRules(rules, nowMs);
    this.#endSelfAlerts(plan);
    for (const [source, book] of Object.entries(this.#books) as [Source, RingBook][]) {
      const scopes = plan.filter((scope) => scope.source === source);
      book.keepOnly((namespace, service) => scopes.some((scope) => scopeCovers(scope, namespace, service)));
      for (const ring of book.rings()) this.#alerts.onRing(ring, nowMs);
    }
    const ids = new Set(plan.map((scope) => scope.id));
    for (const id of this.#blind.keys()) if (!ids.has(id)) this.#blind.delete(id);
    // A watch of all Services has dropped what no rule wanted: only its next list shows who is absent.
    const listed = plan.filter((scope) => scope.services !== undefined && this.#listed.has(scope.id));
    this.#listed.clear();
    for (const scope of listed) {
      this.#listed.add(scope.id);
      this.#decideAbsent(scope, nowMs);
    }
    this.#advance();
  }

  /** A scope has shown no life since then: nothing of it is decided until it has been listed again. */
  onBlind(scope: Scope, sinceMs: number, why: string | undefined): void {
    this.#blind.set(scope.id, scope);
    this.#tellSelf(scope.id, { sinceMs, why });
    this.#commit();
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
    this.#retryAtMs = undefined;
    this.#commit();
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
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
      for (const ring of book.take(nowMs)) this.#decide(ring, nowMs);
    }
    this.#alerts.onTime(nowMs);
    if (this.#isSighted) {
      this.#isSighted = false;
      this.#alerts.onSight(nowMs);
    }
    if (this.#alerts.hasDecisions) this.#accept(nowMs);
    // Whoever is told that a scope has been listed may count on what the list has decided.
    if (this.#isJustListed) this.#commit();
    else if (this.#hasUnsaved()) this.#commitSoon();
    this.#isJustListed = false;
    this.#setTimer();
  }

  #hasUnsaved(): boolean {
    const { alerts, baselines, accepted, rescheduled, ended } = this.#unsaved;
    return alerts.size + baselines.size + accepted.length + rescheduled.length + ended.length > 0;
  }

  #commitSoon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    this.#options.soon(() => {
      this.#isSoon = false;
      this.#commit();
    });
  }

  // One ring that cannot be judged must not keep the others from it, nor be forgotten until it changes again.
  #decide(ring: Ring, nowMs: number): void {
    try {
      this.#options.onRing?.(ring);
      this.#alerts.onRing(ring, nowMs);
    } catch (error) {
      this.#options.logger.error({ err: error, ring: ring.key }, "cannot judge a ring, will try again");
      this.#books[ring.source].readAgain(ring.key, nowMs + JUDGE_RETRY_MS);
    }
  }

  #accept(nowMs: number): void {
    const { alerts, baselines, notices } = this.#alerts.takeDecisions();
    for (const alert of alerts) this.#unsaved.alerts.set(subjectKey(alert.rule, alert.ring), alert);
    for (const baseline of baselines)
      this.#unsaved.baselines.set(subjectKey(baseline.rule, baseline.ring), baseline);
    for (const { notice, notify } of notices) this.#owe(notice, notify, nowMs);
  }

  #owe(notice: Notice, notify: readonly string[], nowMs: number): void {
    for (const destination of new Set(notify))
      this.#unsaved.accepted.push(this.#delivery(notice, destination, nowMs));
    try {
      this.#options.onNotice?.(notice, notify);
    } catch {
      // Whoever watches (a log on a full disk) must not keep a notice from being owed.
    }
  }

  /** Ends what is owed to destinations that are no longer in the rules file; what is on its way may still arrive. */
  dropDestinations(): void {
    const { outbox, retryForMs, clock } = this.#options;
    for (const name of outbox.destinations()) {
      if (retryForMs(name) !== undefined) continue;
      for (const delivery of outbox.drop(name)) this.#endOrphan(delivery, clock.now());
    }
    this.#commit();
  }

  /** Owed from before. What is for a destination that is no longer in the rules file can only be a dead letter. */
  #takeUp(delivery: Delivery, nowMs: number): void {
    if (this.#options.retryForMs(delivery.destination) === undefined) this.#endOrphan(delivery, nowMs);
    else this.#options.outbox.add(delivery);
  }

  #endOrphan(delivery: Delivery, nowMs: number): void {
    const { id, destination } = delivery;
    this.#options.logger.error({ delivery: id, destination }, "delivery is dead: its destination is gone");
    const detail = `no destination "${destination}" in the rules file`;
    const end = { kind: "dead", atMs: nowMs, reason: "destinationRemoved", detail } as const;
    this.#unsaved.ended.push({ delivery, end });
  }

  #tellSelf(scopeId: string, blind: Blindness | undefined): void {
    const nowMs = this.#options.clock.now();
    const step = this.#selfAlerts.setBlind(scopeId, blind, this.#selfNotify, nowMs);
    if (!step) return;
    this.#unsaved.alerts.set(subjectKey(step.alert.rule, step.alert.ring), step.alert);
    this.#owe(step.notice, step.notify, nowMs);
  }

  // A scope that is not watched any more is no longer looked for.
  #endSelfAlerts(plan: readonly Scope[]): void {
    const watched = new Set(plan.map((scope) => scope.id));
    for (const scopeId of this.#selfAlerts.firing())
      if (!watched.has(scopeId)) this.#tellSelf(scopeId, undefined);
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
      expiresAtMs: nowMs + (this.#options.retryForMs(destination) ?? 0),
      attempts: 0,
      rounds: 0,
      nextAtMs: nowMs,
      lastReason: undefined,
    };
  }

  #commit(): void {
    const { store, outbox, logger, clock, onAccepted, onCommitFailed } = this.#options;
    if (this.#isClosed || (this.#retryAtMs !== undefined && clock.now() < this.#retryAtMs)) return;
    if (!this.#hasUnsaved()) return;
    const { accepted, rescheduled, ended } = this.#unsaved;
    const alerts = [...this.#unsaved.alerts.values()];
    const baselines = [...this.#unsaved.baselines.values()];
    let hasNew = false;
    try {
      const fresh = store.commit({ alerts, baselines, accepted, rescheduled, ended });
      if (fresh.length < accepted.length)
        logger.error({ accepted, fresh }, "a notice had an id that is taken");
      this.#unsaved = nothing();
      this.#retryAtMs = undefined;
      for (const delivery of fresh) outbox.add(delivery);
      hasNew = fresh.length > 0;
    } catch (error) {
      // Nothing of it is sent until it is stored: the disk may have room again in a moment.
      onCommitFailed?.();
      logger.error({ err: error }, "cannot store state, will try again");
      this.#retryAtMs = clock.now() + COMMIT_RETRY_MS;
      this.#setTimer();
    }
    if (hasNew) onAccepted();
  }

  #setTimer(): void {
    if (this.#isClosed) return;
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
    // By subject: only the last state of each is worth writing.
    alerts: new Map<string, Alert>(),
    baselines: new Map<string, Baseline>(),
    accepted: [] as Delivery[],
    rescheduled: [] as Delivery[],
    ended: [] as EndedDelivery[],
  };
}
