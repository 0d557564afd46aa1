import { z } from "zod";
import { durationSchema } from "../rules/duration-schema.ts";
import { checkMatcher } from "./parse-matcher.ts";
import { type Matcher, type Silence, silenceEndMs, type SilenceState, silenceState } from "./silence.ts";

/** A silence as the API shows it. Times are RFC 3339 in UTC. */
export interface SilenceJson {
  readonly id: string;
  readonly state: SilenceState;
  readonly matchers: readonly Matcher[];
  readonly author: string;
  readonly reason: string;
  readonly startsAt: string;
  /** When it ends, or has ended. */
  readonly endsAt: string;
  readonly createdAt: string;
  /** Only of one that was ended before its time. */
  readonly expiredAt?: string;
}

/** What somebody may ask for; exactly one of `for` and `endsAt`. */
export interface SilenceRequest {
  readonly matchers: readonly Matcher[];
  readonly author: string;
  readonly reason: string;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly for?: string;
}

/** A silence that can be added, or everything that is wrong with what was asked for. */
export type SilenceResult =
  | { readonly ok: true; readonly silence: Silence }
  | { readonly ok: false; readonly issues: readonly string[] };

/** A silence that would hold for longer is a rule that nobody wants. */
const LONGEST_MS = 366 * 86_400_000;
const MATCHERS_MAX = 20;

const timeSchema = z.iso
  .datetime({ offset: true, error: "must be a time in RFC 3339, such as 2026-12-01T20:00:00Z" })
  .transform((text) => Date.parse(text));

const matcherSchema = z
  .strictObject({ name: z.string(), value: z.string(), negate: z.boolean().optional() })
  .transform(({ name, value, negate = false }, context): Matcher => {
    const result = checkMatcher(name, value, negate);
    if (result.ok) return result.matcher;
    context.addIssue({ code: "custom", message: result.issue });
    return z.NEVER;
  });

const requestSchema = z.strictObject({
  matchers: z
    .array(matcherSchema)
    .min(1, { error: 'must hold at least one, such as { "name": "rule", "value": "*" }' })
    .max(MATCHERS_MAX, { error: `must hold at most ${MATCHERS_MAX}` }),
  author: z.string().trim().min(1, { error: "must say who asks" }).max(200),
  reason: z.string().trim().min(1, { error: "must say why: others will ask" }).max(1000),
  startsAt: timeSchema.optional(),
  endsAt: timeSchema.optional(),
  for: durationSchema.optional(),
});

/** Checks what the API was sent, and makes a silence of it. */
export function readSilenceRequest(body: unknown, id: string, nowMs: number): SilenceResult {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) return { ok: false, issues: parsed.error.issues.map(issueWords) };
  const { matchers, author, reason, startsAt = nowMs, endsAt, for: forMs } = parsed.data;
  if ((endsAt === undefined) === (forMs === undefined)) {
    return { ok: false, issues: ['exactly one of "endsAt" and "for" must be there'] };
  }
  const startsAtMs = Math.max(startsAt, nowMs);
  const endsAtMs = endsAt ?? startsAtMs + (forMs ?? 0);
  if (endsAtMs <= startsAtMs) {
    const what =
      forMs === undefined ? `"endsAt" must be later than ${new Date(startsAtMs).toISOString()}` : undefined;
    return { ok: false, issues: [what ?? '"for" must be longer than 0s'] };
  }
  if (endsAtMs > nowMs + LONGEST_MS) {
    return {
      ok: false,
      issues: ["the silence must end within a year: what is never to be told needs no rule"],
    };
  }
  const silence = { id, matchers, author, reason, startsAtMs, endsAtMs, createdAtMs: nowMs };
  return { ok: true, silence };
}

/** The silence as the API shows it now. */
export function silenceToJson(silence: Silence, nowMs: number): SilenceJson {
  const { id, matchers, author, reason, startsAtMs, createdAtMs, expiredAtMs } = silence;
  return {
    id,
    state: silenceState(silence, nowMs),
    matchers,
    author,
    reason,
    startsAt: iso(startsAtMs),
    endsAt: iso(silenceEndMs(silence)),
    createdAt: iso(createdAtMs),
    ...(expiredAtMs === undefined ? {} : { expiredAt: iso(expiredAtMs) }),
  };
}

function issueWords({ path, message, code, ...issue }: z.core.$ZodIssue): string {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  const label = place === "" ? "the body" : `"${place.replace(/^\./, "")}"`;
  const because: unknown = "params" in issue ? issue.params?.["because"] : undefined;
  const words = code === "custom" || message.startsWith("must ") ? message : message.toLowerCase();
  const colon = words.startsWith("must ") ? "" : ":";
  return `${label}${colon} ${words}${typeof because === "string" ? `: ${because}` : ""}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
