import { z } from "zod";
import { NOTICE_KINDS, type Notice } from "../alerts/notice.ts";
import { durationSchema } from "../rules/duration-schema.ts";
import { namesSchema, podSchema, rulesSchema, STEP_WORDS, trueSchema } from "./step-words.ts";

const RING_KEY_WANTED = "must be namespace/service, such as data/cassandra";
const ringKeySchema = z.string().regex(/^[a-z0-9-]{1,63}\/[a-z0-9-]{1,63}$/, { error: RING_KEY_WANTED });

const ringSchema = z.strictObject(
  {
    /** A number: NAME-0, NAME-1, …; or each member by name. */
    members: z.union([z.int().min(0).max(5000), z.array(podSchema).max(5000)], {
      error: "must be a number of members or a list of them",
    }),
    zones: z.array(z.string().min(1)).min(1).optional(),
    nodes: z.int().min(1).max(5000).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    publishNotReadyAddresses: z.boolean().optional(),
    /** The Service does not exist yet. */
    absent: trueSchema.optional(),
  },
  { error: "must be a map such as { members: 3, zones: [a, b, c] }" },
);
const ringsSchema = z.record(ringKeySchema, ringSchema, {
  error: "must be a map of rings, such as data/cassandra: { members: 3 }",
});
/** A ring whose keys each are right. */
export type RawRing = z.output<typeof ringSchema>;

/** The labels of namespaces. */
const namespacesSchema = z.record(z.string().min(1).max(63), z.record(z.string(), z.string()), {
  error: "must be a map of namespaces to their labels, such as shop: { env: prod }",
});

const silentSchema = z.union(
  [trueSchema, z.array(z.string({ error: "must be the name of a rule or destination" })).min(1)],
  { error: "must be true, or a list of rules and destinations" },
);
/** Nobody is told anything, or these rules and destinations say and hear nothing. */
export type RawSilent = z.output<typeof silentSchema>;

const wordSchemas = Object.fromEntries(
  Object.entries(STEP_WORDS).map(([word, { schema }]) => [word, schema.optional()]),
);

const stepSchema = z.strictObject(
  {
    at: durationSchema,
    ring: ringKeySchema.optional(),
    silent: silentSchema.optional(),
    ...wordSchemas,
  },
  { error: "must be a map such as { at: 30s, remove: cassandra-2 }" },
);
/** One step: when, what happens, and to which ring. The values of its words are as their schemas have made them. */
export type RawStep = {
  readonly at: number;
  readonly ring?: string | undefined;
  readonly silent?: RawSilent | undefined;
  readonly [word: string]: unknown;
};

const anything = z.unknown().optional();
/** Every field of a notice can be expected; how values are compared is in `match-value.ts`. */
const noticeFields = {
  version: anything,
  kind: z.enum(NOTICE_KINDS).optional(),
  rule: z.string().optional(),
  severity: anything,
  ring: anything,
  time: anything,
  title: anything,
  message: anything,
  runbook: anything,
  labels: anything,
  counts: anything,
  alert: anything,
  group: anything,
  generation: anything,
  previousGeneration: anything,
  change: anything,
} satisfies Record<keyof Notice, z.ZodType>;

const expectationSchema = z.strictObject(
  {
    at: durationSchema,
    within: durationSchema.optional(),
    destination: namesSchema.optional(),
    /** Of the HTTP request: method, url, headers, body. */
    request: anything,
    ...noticeFields,
  },
  { error: "must be a map such as { at: 30s, destination: data-team, kind: fire, rule: below-quorum }" },
);
/** An expectation whose keys each are right; values are compared by `differences`. */
export type RawExpectation = z.output<typeof expectationSchema>;

const expectSchema = z.union(
  [
    z
      .array(expectationSchema)
      .min(1, { error: "must hold something; for nothing at all write silent: true" }),
    z.strictObject({ includes: z.array(expectationSchema).min(1) }),
  ],
  { error: "must be a list of notices, or a map { includes: […] } where others may be said too" },
);

const START_WANTED = "must be a moment such as 2026-03-29T01:30:00Z";

const testSchema = z.strictObject(
  {
    name: z.string().min(1).max(200),
    rings: ringsSchema.optional(),
    namespaces: namespacesSchema.optional(),
    startAt: z.iso.datetime({ offset: true, error: START_WANTED }).optional(),
    /** Ringbell starts with the test, on an empty state; else it has watched for a day. */
    freshStart: z.boolean().optional(),
    timeline: z.array(stepSchema, { error: "must be a list of steps" }).optional(),
    for: durationSchema.optional(),
    expect: expectSchema.optional(),
    silent: silentSchema.optional(),
  },
  { error: "must be a map that starts with - name: …" },
);
/** A test whose keys each are right. */
export type RawTest = Omit<z.output<typeof testSchema>, "timeline"> & {
  readonly timeline?: readonly RawStep[] | undefined;
};

/** A file of tests. What stands below `rules` as a map is a rules file, and is checked as one. */
export const testFileSchema = z.strictObject({
  rules: rulesSchema,
  rings: ringsSchema.optional(),
  namespaces: namespacesSchema.optional(),
  tests: z
    .array(testSchema, { error: "must be a list of tests, each starting with - name: …" })
    .min(1, { error: "must hold at least one test" }),
});
