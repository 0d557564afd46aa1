/** One alert of a group in a notice: times are RFC 3339. */
export interface GroupAlertFacts {
  readonly rule: string;
  readonly ring: string;
  readonly severity: string;
  readonly title: string;
  readonly message: string;
  readonly runbook?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly since: string;
  readonly firedAt: string;
  readonly resolvedAt?: string;
}

/** One alert of a group, as expressions see it. */
export class CelGroupAlert {
  readonly rule: string;
  readonly ring: string;
  readonly severity: string;
  readonly title: string;
  readonly message: string;
  readonly runbook: string | undefined;
  readonly labels: ReadonlyMap<string, string>;
  readonly since: Date;
  readonly firedAt: Date;
  readonly resolvedAt: Date | undefined;
  readonly #facts: GroupAlertFacts;

  /** What it lacks is undefined, so that `has()` tells. */
  constructor(facts: GroupAlertFacts) {
    this.rule = facts.rule;
    this.ring = facts.ring;
    this.severity = facts.severity;
    this.title = facts.title;
    this.message = facts.message;
    this.runbook = facts.runbook;
    this.labels = new Map(Object.entries(facts.labels));
    this.since = new Date(facts.since);
    this.firedAt = new Date(facts.firedAt);
    this.resolvedAt = facts.resolvedAt === undefined ? undefined : new Date(facts.resolvedAt);
    this.#facts = facts;
  }

  /** As notices show it. */
  toJSON(): GroupAlertFacts {
    return this.#facts;
  }
}
