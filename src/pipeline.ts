import { AlertBook } from "./alerts/alert-book.ts";
import { GroupBook } from "./alerts/group-book.ts";
import type { Notice } from "./alerts/notice.ts";
import { ObjectSight } from "./alerts/object-sight.ts";
import { QuietTimes } from "./alerts/quiet-times.ts";
import { blindFinding, isSelfAlert, SELF_RULES, SelfAlerts, type SelfFinding } from "./alerts/self-alerts.ts";
import type { Silence } from "./alerts/silence.ts";
import { SilenceBook } from "./alerts/silence-book.ts";
import type { Standing } from "./alerts/standing.ts";
import type { ObjectEvent } from "./cluster/object-intake.ts";
import type { ObjectScope } from "./cluster/object-plan.ts";
import { ScopeSight } from "./cluster/scope-sight.ts";
import type { SliceEvent, Source } from "./cluster/slice.ts";
import { type Scope, scopeCovers } from "./cluster/watch-plan.ts";
import type { Outbox, Settlement } from "./outbox/outbox.ts";
import { Owing } from "./outbox/owing.ts";
import { absentRing } from "./ring/ring-book.ts";
import { RingBooks } from "./ring/ring-books.ts";
import type { Ring } from "./ring/ring.ts";
import type { RulesFile } from "./rules/load-rules.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Logger } from "./runtime/logger.ts";
import { OneTimer } from "./runtime/one-timer.ts";
import { CommitBuffer } from "./state/commit-buffer.ts";
import type { Store } from "./state/store.ts";

/** What is watched for a rules file. */
export interface Plan {
  readonly scopes: readonly Scope[];
  readonly objects: readonly ObjectScope[];
}

/** What the pipeline works with. */
export interface PipelineOptions {
  readonly file: RulesFile;
  /** What is watched for it. */
  readonly plan: Plan;
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

/** After a failure of Ringbell's own on a ring it is judged again this much later. */
const JUDGE_RETRY_MS = 10_000;

/**
 * The way from slices to owed deliveries: rings, rules, alerts, and one transaction that stores all of it before
 * anything may be sent. Knows no network; `run`, `test` and `replay` share it.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #alerts: AlertBook;
  readonly #silences: SilenceBook;
  readonly #quiet: QuietTimes;
  readonly #groups: GroupBook;
  readonly #objects: ObjectSight;
  readonly #owing: Owing;
  readonly #selfAlerts: SelfAlerts;
  readonly #sight = new ScopeSight();
  #isJustListed = false;
  #isClosed = false;
  #isSoon = false;
  readonly #books = new RingBooks();
  #selfNotify: readonly string[];
  readonly #unsaved: CommitBuffer;
  readonly #timer: OneTimer;
  #isDeferred = false;

  /** Takes up the stored state: what is owed goes into the outbox. Call `start` before anything else. */
  constructor(options: PipelineOptions) {
    this.#options = options;
    const { file, plan, store, outbox, clock } = options;
    this.#selfNotify = file.selfNotify;
    const stored = store.load();
    const nowMs = clock.now();
    this.#timer = new OneTimer(clock, () => {
      this.#commit();
      this.#advance();
    });
    this.#unsaved = new CommitBuffer({
      ...options,
      onAccepted(deliveries) {
        for (const delivery of deliveries) outbox.add(delivery);
        options.onAccepted();
      },
      onFailed: () => options.onCommitFailed?.(),
    });
    this.#silences = new SilenceBook(stored.silences);
    this.#quiet = new QuietTimes(file, this.#silences);
    this.#groups = new GroupBook({
      destinations: file.destinations,
      stored: stored.groups,
      nowMs,
      mutedUntilMs: (destination, atMs) => this.#quiet.mutedUntilMs(destination, atMs),
    });
    this.#objects = new ObjectSight(plan.objects, () => clock.now());
    const { around, namespaceLabels } = this.#objects;
    this.#owing = new Owing({
      ...options,
      ...stored,
      groups: this.#groups,
      quiet: this.#quiet,
      accept: (delivery) => this.#unsaved.owe(delivery),
      end: (delivery, end) => this.#unsaved.end(delivery, end),
      reschedule: (delivery) => this.#unsaved.settle({ kind: "rescheduled", delivery }),
      onNotice: (notice, notify) => options.onNotice?.(notice, notify),
    });
    this.#selfAlerts = new SelfAlerts(stored.alerts);
    this.#alerts = new AlertBook({
      rules: file.rules,
      stored: { ...stored, alerts: stored.alerts.filter((alert) => !isSelfAlert(alert)) },
      nowMs,
      mayDecide: (ring) => this.#mayDecide(ring),
      surroundings: {
        hush: (rule, ring, atMs) => this.#quiet.hush(rule, ring, atMs),
        destinationHush: (name, rule, ring, atMs) => this.#quiet.destinationHush(name, rule, ring, atMs),
        desired: (ring) => around.desired(ring),
        whyLeft: (member, ring, atMs) => around.whyLeft(member, ring, atMs),
        rolloutSinceMs: (ring) => around.rolloutSinceMs(ring),
      },
      namespaceLabels,
    });
    for (const delivery of stored.deliveries) this.#owing.takeUp(delivery, nowMs);
  }

  /** Tells what ended while Ringbell was not running, because its rule was edited. Call it when all else is built. */
  start(): void {
    this.#endSelfAlerts(this.#options.plan.scopes);
    this.#advance();
  }

  /** True when some rule may select a Service of this name. */
  mayWant(source: Source, namespace: string, service: string): boolean {
    return this.#alerts.mayWant(source, namespace, service);
  }

  /** Takes in one event of a scope's watch; call `onBatchEnd` when no more are at hand. */
  onEvent(scope: Scope, event: SliceEvent): void {
    const nowMs = this.#options.clock.now();
    this.#books.apply(scope, event, nowMs);
    if (event.kind !== "listed") return;
    // Sight begins with the list that decides, not before it: until now what was known may have been stale.
    this.#isJustListed = true;
    this.#sight.list(scope);
    this.#tellSelf(blindFinding(scope.id, undefined));
    this.#decideAbsent(scope, nowMs);
  }

  /** Takes in one event of a watch beside the rings; call `onBatchEnd` when no more are at hand. */
  onObjects(scope: ObjectScope, event: ObjectEvent): void {
    const nowMs = this.#options.clock.now();
    const { rings, namespaces } = this.#objects.apply(scope, event);
    for (const { source, ring } of rings) this.#alerts.onRingAgain(source, ring, nowMs);
    this.#selectAgain(namespaces, nowMs);
  }

  /** Decides, stores and hands over to the outbox what the events since the last call have brought. */
  onBatchEnd(): void {
    this.#advance();
  }

  /**
   * Goes on with another rules file: alerts, holds, baselines and generations stay with the names of their rules. What the new
   * plan does not cover is forgotten.
   */
  replaceRules(file: RulesFile, { scopes: plan, objects }: Plan): void {
    const nowMs = this.#options.clock.now();
    this.#selfNotify = file.selfNotify;
    this.#quiet.replaceRules(file);
    this.#groups.replaceRules(file, nowMs);
    this.#objects.follow(objects);
    this.#alerts.replaceRules(file.rules, nowMs);
    this.#endSelfAlerts(plan);
    this.#books.follow(plan);
    for (const ring of this.#books.rings()) this.#alerts.onRing(ring, nowMs);
    this.#onQuietChanged(nowMs);
    for (const scope of this.#sight.follow(plan)) this.#decideAbsent(scope, nowMs);
    this.#advance();
  }

  /** A scope has shown no life since then: nothing of it is decided until it has been listed again. */
  onBlind(scope: Scope, sinceMs: number, why: string | undefined): void {
    this.#sight.lose(scope);
    this.onSelf(blindFinding(scope.id, { sinceMs, why }));
  }

  /** A scope's watch has failed, or is open again. Until it has caught up no time runs out: what ends a hold may have been missed. */
  onWatch(scope: Scope, isDown: boolean): void {
    if (isDown) this.#sight.down(scope);
    else this.#sight.up(scope, this.#options.clock.now());
    this.#setTimer();
  }

  /** Tells of something of Ringbell's own that is wrong, or right again. */
  onSelf(finding: SelfFinding): void {
    this.#tellSelf(finding);
    // It may be told in a group, and nothing else may happen for long.
    this.#tellGroups(this.#options.clock.now());
    this.#commit();
    this.#setTimer();
  }

  /** Books what became of a delivery; it is stored with what else ends in the same turn. */
  onSettled(settlement: Settlement): void {
    this.#unsaved.settle(settlement);
    this.#owing.onSettled(settlement, this.#options.clock.now());
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#options.defer(() => {
      this.#isDeferred = false;
      this.#commit();
    });
  }

  /** Silences that are not over, the first to end first; then those that are. */
  silences(): readonly Silence[] {
    return this.#silences.list(this.#options.clock.now());
  }

  /** Takes in a silence, and stores it. */
  addSilence(silence: Silence): "added" | "tooMany" {
    const result = this.#silences.add(silence, this.#options.clock.now());
    this.#commitSilences();
    return result;
  }

  /** Ends a silence now; what it held back speaks. Undefined when there is none of this id. */
  expireSilence(id: string): Silence | undefined {
    const nowMs = this.#options.clock.now();
    const silence = this.#silences.expire(id, nowMs);
    this.#onQuietChanged(nowMs);
    this.#advance();
    this.#commitSilences();
    return silence;
  }

  /** Where each rule stands on each ring. */
  standings(): readonly Standing[] {
    return this.#alerts.standings(this.#options.clock.now());
  }

  countAlerts(): { readonly pending: number; readonly firing: number } {
    return this.#alerts.countAlerts();
  }

  countRings(): number {
    return this.#books.size;
  }

  /** Why the last transaction could not be written yet. */
  get isUnsaved(): boolean {
    return this.#unsaved.retryAtMs !== undefined;
  }

  /** Stores what is at hand and stops the timer. */
  close(): void {
    this.#unsaved.commit(true);
    this.#isClosed = true;
    this.#timer.cancel();
  }

  /** Rings that are waited for and that a complete list does not show are absent. */
  #decideAbsent(scope: Scope, nowMs: number): void {
    for (const key of this.#alerts.awaitedRings(scope.source)) {
      const ring = absentRing(key, scope.source);
      const isCovered = scopeCovers(scope, ring.namespace, ring.service);
      if (isCovered && !this.#books.of(scope.source).knows(key)) this.#alerts.onRing(ring, nowMs);
    }
  }

  #advance(): void {
    const nowMs = this.#options.clock.now();
    for (const ring of this.#books.take(nowMs)) this.#decide(ring, nowMs);
    this.#alerts.onTime(nowMs);
    const isListed = this.#objects.takeSight();
    if (this.#sight.takeSight(nowMs) || isListed) this.#alerts.onSight(nowMs);
    if (this.#alerts.hasDecisions) this.#accept(nowMs);
    this.#tellGroups(nowMs);
    // Whoever is told that a scope has been listed may count on what the list has decided.
    if (this.#isJustListed) this.#commit();
    else if (!this.#unsaved.isEmpty) this.#commitSoon();
    this.#isJustListed = false;
    this.#setTimer();
  }

  #onQuietChanged(nowMs: number): void {
    this.#alerts.onQuietChanged(nowMs);
    this.#owing.onQuietChanged(nowMs);
  }

  #tellGroups(nowMs: number): void {
    this.#owing.tellGroups(nowMs);
    if (!this.#groups.hasChanges) return;
    const { groups, forgotten } = this.#groups.takeChanges();
    this.#unsaved.putGroups(groups, forgotten);
  }

  #commitSilences(): void {
    const { silences, forgotten } = this.#silences.takeChanges();
    this.#unsaved.putSilences(silences, forgotten);
    this.#commit();
  }

  /** Judges the rings of namespaces whose labels have changed by the rules that are about them now. */
  #selectAgain(namespaces: readonly string[], nowMs: number): void {
    if (namespaces.length === 0) return;
    const changed = new Set(namespaces);
    for (const ring of this.#books.rings())
      if (changed.has(ring.namespace)) this.#alerts.onNamespace(ring, nowMs);
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
      this.#books.of(ring.source).readAgain(ring.key, nowMs + JUDGE_RETRY_MS);
    }
  }

  #accept(nowMs: number): void {
    const { alerts, baselines, notices, troubles } = this.#alerts.takeDecisions();
    for (const trouble of troubles)
      this.#options.logger[trouble.err ? "error" : "warn"](trouble, "cannot judge a ring by a rule");
    for (const alert of alerts) this.#unsaved.putAlert(alert);
    for (const baseline of baselines) this.#unsaved.putBaseline(baseline);
    for (const decided of notices) this.#owing.owe(decided, nowMs);
  }

  /** Ends what is owed to destinations that are no longer in the rules file; what is on its way may still arrive. */
  dropDestinations(): void {
    this.#owing.dropDestinations(this.#options.clock.now());
    this.#commit();
  }

  #tellSelf(finding: SelfFinding): void {
    const nowMs = this.#options.clock.now();
    const step = this.#selfAlerts.take(finding, this.#selfNotify, nowMs);
    if (!step) return;
    this.#unsaved.putAlert(step.alert);
    const { notice, notify } = step;
    if (notice) this.#owing.owe({ notice, notify }, nowMs);
  }

  // A scope that is not watched any more is no longer looked for.
  #endSelfAlerts(plan: readonly Scope[]): void {
    const watched = new Set(plan.map((scope) => scope.id));
    for (const scopeId of this.#selfAlerts.firing(SELF_RULES.blind))
      if (!watched.has(scopeId)) this.#tellSelf(blindFinding(scopeId, undefined));
  }

  #mayDecide({ source, key, namespace, service }: Ring): boolean {
    return (
      this.#sight.sees(source, namespace, service) &&
      !this.#books.of(source).isUnread(key) &&
      this.#objects.isListed(namespace)
    );
  }

  #commit(): void {
    if (!this.#isClosed && !this.#unsaved.commit()) this.#setTimer();
  }

  #setTimer(): void {
    if (this.#isClosed) return;
    this.#timer.set([
      this.#books.nextDueMs(),
      this.#alerts.nextDeadlineMs(),
      this.#groups.nextDeadlineMs(),
      this.#objects.dueMs,
      this.#sight.catchUpMs(),
      this.#unsaved.retryAtMs,
    ]);
  }
}
