import { z } from "zod";
import { LEAVE_REASONS } from "../ring/leave-reason.ts";
import { countSchema } from "./conditions/condition-kind.ts";
import { CONDITION_KINDS } from "./conditions/condition-kinds.ts";
import { flappingSchema } from "./conditions/flapping.ts";
import { thresholdSchema } from "./conditions/threshold.ts";
import { durationSchema } from "./duration-schema.ts";
import { muteWindowSchema } from "./mute-window.ts";
import { CHANGE_WORDS, EACH, MEMBERSHIPS, SEVERITIES } from "./rule.ts";
import { httpUrlSchema } from "./secret-ref.ts";

/** Names of rules and destinations appear in metrics, delivery ids and URLs. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_WANTED = "must be 1 to 63 lower-case letters, digits and hyphens, such as pod-left-ring";
const nameSchema = z.string({ error: NAME_WANTED }).regex(NAME, { error: NAME_WANTED });

// Namespaces and Services have DNS labels as names; `*` and `?` make a glob.
const PATTERN_WANTED = "must be a name or a glob of lower-case letters, digits, hyphens, * and ?";
const patternSchema = z.string().regex(/^[a-z0-9*?-]{1,63}$/, { error: PATTERN_WANTED });
const patternsSchema = z.union(
  [patternSchema, z.array(patternSchema).min(1, { error: "must name at least one" }).max(1000)],
  { error: "must be a name, a glob or a list of them" },
);

const labelsSchema = z.record(z.string().min(1).max(317), z.string().max(1024));
const notifySchema = z
  .array(z.string({ error: "must be the name of a destination" }), {
    error: "must be a list of destinations, such as [data-team]",
  })
  .min(1, { error: "must name at least one destination" })
  .max(100);
const muteSchema = z
  .array(nameSchema, { error: "must be a list of mute windows, such as [nights]" })
  .min(1, { error: "must name at least one mute window" })
  .max(100);
const sourceSchema = z.enum(["endpointslices", "endpoints"]);
const severitySchema = z.enum(SEVERITIES);
const membershipSchema = z.enum(MEMBERSHIPS);

const conditionsSchema = z.strictObject({
  readyBelow: CONDITION_KINDS.readyBelow.schema.optional(),
  notReadyAbove: CONDITION_KINDS.notReadyAbove.schema.optional(),
  membersBelow: CONDITION_KINDS.membersBelow.schema.optional(),
  noneReady: CONDITION_KINDS.noneReady.schema.optional(),
  missing: CONDITION_KINDS.missing.schema.optional(),
  zoneWithoutReady: CONDITION_KINDS.zoneWithoutReady.schema.optional(),
  zonesBelow: CONDITION_KINDS.zonesBelow.schema.optional(),
  nodeShareAbove: CONDITION_KINDS.nodeShareAbove.schema.optional(),
  flapping: CONDITION_KINDS.flapping.schema.optional(),
});
const whenSchema = z.union([conditionsSchema, z.string().min(1).max(2000)], {
  error: "must be a map of conditions, such as { readyBelow: 3 }, or an expression, such as ring.ready < 3",
});

const REPEAT_MIN_MS = 60_000;
const repeatSchema = durationSchema.refine((ms) => ms >= REPEAT_MIN_MS, { error: "must be at least 1m" });

const onSchema = z
  .array(z.enum(CHANGE_WORDS), { error: "must be a list of changes, such as [left, replaced]" })
  .min(1, { error: `must list at least one of ${CHANGE_WORDS.join(", ")}` })
  .max(CHANGE_WORDS.length);

const exceptionSchema = z.strictObject(
  {
    namespace: patternsSchema.optional(),
    service: patternsSchema.optional(),
    labels: labelsSchema.optional(),
  },
  { error: "must be a map such as { service: canary-* }" },
);

const settleSchema = z.union(
  [
    durationSchema,
    z.partialRecord(z.enum([...LEAVE_REASONS, "default"]), durationSchema, {
      error: "must be a duration, or a map of reasons to durations",
    }),
  ],
  {
    error: "must be a duration such as 60s, or one for each reason, such as { scaledDown: 5s, default: 10m }",
  },
);

const HOLD = z.literal("hold", { error: "must be hold, or a map such as { hold: 20m }" });

const guardSchema = z
  .strictObject(
    {
      minMembers: countSchema.optional(),
      maxLost: thresholdSchema(0).optional(),
      otherwise: z
        .array(z.string({ error: "must be the name of a destination" }), {
          error: "must be a list of destinations, such as [on-call], or be left out",
        })
        .max(100)
        .optional(),
    },
    { error: "must be a map such as { minMembers: 3, maxLost: 50%, otherwise: [on-call] }" },
  )
  .refine(({ minMembers, maxLost }) => minMembers !== undefined || maxLost !== undefined, {
    error: 'must hold "minMembers", "maxLost" or both',
  });

const suppressorSchema = z.union(
  [nameSchema, z.strictObject({ rule: nameSchema, same: z.enum(["ring", "zone", "node"]).optional() })],
  { error: "must be the name of a rule, or a map such as { rule: node-lost, same: node }" },
);

/** One rule as it stands in the file. What depends on several keys is checked by `build-rule.ts`. */
export const ruleSchema = z.strictObject({
  name: nameSchema,
  ring: z.strictObject({
    namespace: patternsSchema,
    service: patternsSchema.optional(),
    labels: labelsSchema.optional(),
    namespaceLabels: labelsSchema.optional(),
    except: z
      .union(
        [exceptionSchema, z.array(exceptionSchema).min(1, { error: "must hold at least one" }).max(100)],
        {
          error: "must be a map such as { service: canary-* }, or a list of them",
        },
      )
      .optional(),
  }),
  when: whenSchema.optional(),
  on: onSchema.optional(),
  each: z.enum(EACH).optional(),
  for: durationSchema.optional(),
  keepFiringFor: durationSchema.optional(),
  repeat: repeatSchema.optional(),
  cooldown: durationSchema.optional(),
  damping: flappingSchema.optional(),
  settle: settleSchema.optional(),
  maxWait: durationSchema.optional(),
  reasons: z.boolean().optional(),
  reason: z
    .union(
      [z.array(z.enum(LEAVE_REASONS)).min(1, { error: "must name at least one" }), z.enum(LEAVE_REASONS)],
      {
        error: `must be a reason or a list of them, of ${LEAVE_REASONS.join(", ")}`,
      },
    )
    .optional(),
  during: z
    .strictObject(
      { rollout: z.union([z.strictObject({ hold: durationSchema }), HOLD]).optional() },
      { error: "must be a map such as { rollout: hold }" },
    )
    .optional(),
  guard: guardSchema.optional(),
  mute: muteSchema.optional(),
  suppressedBy: z
    .array(suppressorSchema, { error: "must be a list of rules, such as [node-lost]" })
    .min(1, { error: "must name at least one" })
    .max(100)
    .optional(),
  severity: severitySchema.optional(),
  notify: notifySchema.optional(),
  title: z.string().min(1).max(1000).optional(),
  message: z.string().min(1).max(10_000).optional(),
  runbook: httpUrlSchema.optional(),
  labels: labelsSchema.optional(),
  source: sourceSchema.optional(),
  membership: membershipSchema.optional(),
});

/** A rule whose keys each are right. */
export type RawRule = z.output<typeof ruleSchema>;

/** What rules take where they say nothing themselves. */
export const defaultsSchema = z.strictObject({
  keepFiringFor: durationSchema.optional(),
  repeat: repeatSchema.optional(),
  cooldown: durationSchema.optional(),
  damping: flappingSchema.optional(),
  mute: muteSchema.optional(),
  reasons: z.boolean().optional(),
  severity: severitySchema.optional(),
  notify: notifySchema.optional(),
  source: sourceSchema.optional(),
  settle: durationSchema.optional(),
  for: durationSchema.optional(),
  membership: membershipSchema.optional(),
  labels: labelsSchema.optional(),
});

/** Defaults whose keys each are right. */
export type RawDefaults = z.output<typeof defaultsSchema>;

const BLIND_AFTER_MIN_MS = 10_000;
/** API servers send a sign of life about once a minute, and Ringbell asks for one before that. */
export const BLIND_AFTER_MS = 60_000;

/**
 * The rules file, except for what stands below each destination's kind: that is the kind's own schema.
 */
export const rulesFileSchema = z.strictObject({
  version: z.literal(1, { error: "must be 1" }),
  destinations: z.record(nameSchema, z.unknown(), {
    error: "must be a map of destinations, each below a name of your own",
  }),
  /** Destinations that hear of Ringbell's own troubles. */
  selfNotify: notifySchema.optional(),
  blindAfter: durationSchema
    .refine((ms) => ms >= BLIND_AFTER_MIN_MS, { error: "must be at least 10s: a busy API server pauses too" })
    .optional(),
  /** Times at which rules or destinations that name them do not speak. */
  muteWindows: z.record(nameSchema, muteWindowSchema).optional(),
  defaults: defaultsSchema.optional(),
  rules: z
    .array(ruleSchema, { error: "must be a list of rules, each starting with - name: …" })
    .min(1, { error: "must hold at least one rule" })
    .max(1000, { error: "must hold at most 1000 rules" }),
});
