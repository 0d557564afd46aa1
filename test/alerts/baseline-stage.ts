import { advanceBaseline, type Asked, type BaselineStep } from "../../src/alerts/advance-baseline.ts";
import { type Baseline, unseenBaseline } from "../../src/alerts/baseline.ts";
import type { ReportedChange } from "../../src/alerts/report-change.ts";
import type { Departure } from "../../src/alerts/surroundings.ts";
import type { LeaveReason } from "../../src/ring/leave-reason.ts";
import type { Member, Ring } from "../../src/ring/ring.ts";
import { changeTrigger, ruleMember, ruleRing } from "../rules/rule-fixtures.ts";

type Seen = string | Member;

/** `data/cassandra` with these members, by name or as they are. */
export function seen(...members: readonly Seen[]): Ring {
  return ruleRing(members.map((each) => (typeof each === "string" ? ruleMember(each) : each)));
}

/** One change rule on one ring, driven by hand. Deadlines that pass between two inputs are kept, as the book does. */
export class BaselineStage {
  readonly reports: ReportedChange[] = [];
  /** `70000 left c-1`, one line for each report. */
  readonly said: string[] = [];
  baseline: Baseline = unseenBaseline("rule", "data/cassandra");
  deadlineMs: number | undefined;
  hushedUntilMs: number | undefined;
  /** Why members left, by name. */
  readonly reasons = new Map<string, LeaveReason>();
  readonly #asked: Asked;
  #ring: Ring | undefined;

  constructor(asked: Partial<Asked> = {}) {
    this.#asked = { ...changeTrigger({ on: ["changed"] }), membership: "present", ...asked };
  }

  see(nowMs: number, ring: Ring): this {
    this.pass(nowMs - 1);
    this.#ring = ring;
    return this.look(nowMs);
  }

  pass(untilMs: number): this {
    while (this.deadlineMs !== undefined && this.deadlineMs <= untilMs) this.look(this.deadlineMs);
    return this;
  }

  /** Says nothing until then, and looks now. */
  hush(nowMs: number, untilMs: number | undefined): this {
    this.pass(nowMs - 1);
    this.hushedUntilMs = untilMs;
    return this.look(nowMs);
  }

  look(nowMs: number): this {
    if (!this.#ring) return this;
    const hushedUntilMs = (this.hushedUntilMs ?? 0) > nowMs ? this.hushedUntilMs : undefined;
    const whyLeft = (member: Member) => this.#departure(member);
    const asked = { ...this.#asked, hushedUntilMs, whyLeft };
    this.#take(advanceBaseline(this.baseline, this.#ring, asked, nowMs, false), nowMs);
    return this;
  }

  #departure({ name }: Member): Departure | undefined {
    const reason = this.reasons.get(name);
    return reason && { reason, evidence: `told by ${reason}` };
  }

  #take({ baseline, report, deadlineMs }: BaselineStep, nowMs: number): void {
    if (deadlineMs !== undefined && !(deadlineMs > nowMs))
      throw new Error(`at ${nowMs} the next deadline is ${deadlineMs}`);
    this.baseline = baseline;
    this.deadlineMs = deadlineMs;
    if (!report) return;
    this.reports.push(report);
    const names = (word: string, members: readonly Member[]) =>
      members.length > 0 ? ` ${word} ${members.map(({ name }) => name).join(",")}` : "";
    const forced = report.forced ? " forced" : "";
    this.said.push(
      `${nowMs}${names("left", report.left)}${names("joined", report.joined)}${report.removed ? " removed" : ""}${forced}`,
    );
  }
}
