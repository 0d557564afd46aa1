import { z } from "zod";
import { CONDITION_KINDS } from "./conditions/condition-kinds.ts";
import { durationSchema } from "./duration-schema.ts";
import { CHANGE_WORDS, MEMBERSHIPS, SEVERITIES } from "./rule.ts";
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
const sourceSchema = z.enum(["endpointslices", "endpoints"]);
const severitySchema = z.enum(SEVERITIES);
const membershipSchema = z.enum(MEMBERSHIPS);

const whenSchema = z.strictObject(
  {
    readyBelow: CONDITION_KINDS.readyBelow.schema.optional(),
    membersBelow: CONDITION_KINDS.membersBelow.schema.optional(),
    noneReady: CONDITION_KINDS.noneReady.schema.optional(),
    missing: CONDITION_KINDS.missing.schema.optional(),
  },
  { error: "must be a map of conditions, such as { readyBelow: 3 }" },
);

const onSchema = z
  .array(z.enum(CHANGE_WORDS), { error: "must be a list of changes, such as [left, replaced]" })
  .min(1, { error: `must list at least one of ${CHANGE_WORDS.join(", ")}` })
  .max(CHANGE_WORDS.length);

/** One rule as it stands in the file. What depends on several keys is checked by `build-rule.ts`. */
export const ruleSchema = z.strictObject({
  name: nameSchema,
  ring: z.strictObject({
    namespace: patternsSchema,
    service: patternsSchema.optional(),
    labels: labelsSchema.optional(),
  }),
  when: whenSchema.optional(),
  on: onSchema.optional(),
  for: durationSchema.optional(),
  settle: durationSchema.optional(),
  maxWait: durationSchema.optional(),
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
  defaults: defaultsSchema.optional(),
  rules: z
    .array(ruleSchema, { error: "must be a list of rules, each starting with - name: …" })
    .min(1, { error: "must hold at least one rule" })
    .max(1000, { error: "must hold at most 1000 rules" }),
});
