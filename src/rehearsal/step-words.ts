import { z } from "zod";
import { type Matcher, MATCHER_NAMES } from "../alerts/silence.ts";
import { durationSchema } from "../rules/duration-schema.ts";
import type { RulesFile } from "../rules/load-rules.ts";
import type { ReadBytes } from "./recorded-writes.ts";
import { RECORDING } from "./recording-step.ts";
import type { RingVerbs } from "./ring-verbs.ts";
import type { Scene } from "./scene.ts";
import type { StagedPod } from "./staged-ring.ts";

/** How a word reads the files that it names. */
export interface StepFiles {
  /** Reads a file by its path from the file of tests. Throws an error for people to read. */
  readonly readBytes: ReadBytes;
  /** Reads the rules that the word's value names or is; undefined when they are wrong, which is reported then. */
  readonly readRules: () => RulesFile | undefined;
}

/** One thing that a step of a timeline can make happen. */
export interface StepWord {
  readonly schema: z.ZodType;
  /**
   * `one`: happens to one ring, which must be named where there are several. `all`: to all rings unless one is named.
   * `none`: rings have no part in it.
   */
  readonly rings: "one" | "all" | "none";
  /** Reads the file that the value names; what it returns is the value from then on. Throws an error for people to read. */
  readonly load?: (value: unknown, files: StepFiles) => unknown;
  /** What is there before the test begins. */
  readonly prepare?: (value: unknown, scene: Scene) => void;
  /** Happens. `value` is what the schema, or `load`, has made of it. */
  readonly run: (value: unknown, scene: Scene, rings: readonly RingVerbs[]) => void;
}

/** A member to be made, as a file has it. */
export const podSchema = z.union(
  [
    z.string().min(1).max(253),
    z.strictObject({
      name: z.string().min(1).max(253),
      zone: z.string().optional(),
      node: z.string().optional(),
      ready: z.boolean().optional(),
      terminating: z.boolean().optional(),
    }),
  ],
  { error: "must be the name of a member, or a map such as { name: cassandra-2, zone: a, ready: false }" },
);

/** A name or several. */
export const namesSchema = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: "must be a name or a list of names",
  })
  .transform((names) => [names].flat());
const podsSchema = z
  .union([podSchema, z.array(podSchema).min(1)], { error: "must be a member or a list of members" })
  .transform((pods) => [pods].flat().map(asPod));
/** In a union a literal would claim every value for itself that fits no other form, and hide what is wrong with it. */
export const trueSchema = z
  .boolean()
  .refine((value) => value, { error: "must be true" })
  .transform((): true => true);
const countSchema = z.int({ error: "must be a whole number" }).min(0).max(5000);

/** A member, with nothing but its name or more. */
export function asPod(pod: z.output<typeof podSchema>): StagedPod {
  return typeof pod === "string" ? { name: pod } : pod;
}

// Sound: a word is only given what its own schema has parsed.
function word<Value>(
  rings: StepWord["rings"],
  schema: z.ZodType<Value>,
  run: (value: Value, scene: Scene, rings: readonly RingVerbs[]) => void,
): StepWord {
  return { rings, schema, run: (value, scene, targets) => run(value as Value, scene, targets) };
}

function onRing<Value>(schema: z.ZodType<Value>, run: (value: Value, verbs: RingVerbs) => void): StepWord {
  return word("one", schema, (value, _scene, [verbs]) => verbs && run(value, verbs));
}

/** `scale: 5` or `scale: { to: 5, each: 10s }`. */
const scaleSchema = z
  .union([countSchema, z.strictObject({ to: countSchema, each: durationSchema.optional() })], {
    error: "must be a number of members, or a map such as { to: 5, each: 10s }",
  })
  .transform((value) =>
    typeof value === "number" ? { to: value, each: 0 } : { to: value.to, each: value.each ?? 0 },
  );

const rolloutSchema = z.strictObject(
  { each: durationSchema },
  { error: "must be a map such as { each: 20s }" },
);

const restartSchema = z
  .union([trueSchema, z.strictObject({ down: durationSchema })], {
    error: "must be true, or a map such as { down: 5m }",
  })
  .transform((value) => (value === true ? 0 : value.down));

const crashLoopSchema = z.strictObject(
  { member: z.string().min(1), every: durationSchema, times: z.int().min(1).max(1000) },
  { error: "must be a map such as { member: cassandra-2, every: 1m, times: 5 }" },
);

const labelsSchema = z.record(z.string().min(1), z.string().nullable(), {
  error: "must be a map of labels, such as { tier: storage, old: null }",
});
const namespaceLabelsSchema = z.record(z.string().min(1).max(63), labelsSchema, {
  error: "must be a map of namespaces to labels, such as { shop: { env: prod } }",
});

/** As the `rules` of a file of tests. */
export const rulesSchema = z.union([z.string().min(1), z.record(z.string(), z.unknown())], {
  error: "must be the path of a rules file, or a rules file's text as a map",
});

const globSchema = z.string().min(1).optional();
const matcherSchemas = {
  rule: globSchema,
  namespace: globSchema,
  service: globSchema,
  severity: globSchema,
  destination: globSchema,
  labels: z.record(z.string(), z.string()).optional(),
};
const silenceSchema = z
  .strictObject(
    { for: durationSchema, ...matcherSchemas },
    { error: "must be a map such as { rule: below-quorum, for: 1h }" },
  )
  .refine((silence) => Object.keys(silence).length > 1, {
    error: `must also hold at least one of ${MATCHER_NAMES.join(", ")} and labels`,
  });
const unsilenceSchema = z.union([trueSchema, z.strictObject(matcherSchemas)], {
  error: "must be true, or what the silence was made with, such as { rule: below-quorum }",
});

function matchersOf({ labels = {}, ...asked }: Omit<z.output<typeof silenceSchema>, "for">): Matcher[] {
  const matchers: Matcher[] = [];
  for (const name of MATCHER_NAMES)
    if (asked[name] !== undefined) matchers.push({ name, value: asked[name] });
  for (const [key, value] of Object.entries(labels)) matchers.push({ name: `label.${key}`, value });
  return matchers;
}

const downSchema = z.strictObject(
  { name: namesSchema, for: durationSchema },
  { error: "must be a map such as { name: on-call, for: 10m }" },
);

/**
 * Every word that a step may hold besides `at`, `ring` and `silent`. A new word is one more entry: what it takes, what it is
 * about, and what it does.
 */
export const STEP_WORDS: Readonly<Record<string, StepWord>> = {
  add: onRing(podsSchema, (pods, { ring }) => ring.add(pods)),
  remove: onRing(namesSchema, (names, { ring }) => ring.remove(names)),
  replace: onRing(namesSchema, (names, { ring }) => ring.replace(names)),
  move: onRing(namesSchema, (names, { ring }) => ring.move(names)),
  ready: onRing(namesSchema, (names, { ring }) => ring.set(names, { serving: true }, "make ready")),
  notReady: onRing(namesSchema, (names, { ring }) => ring.set(names, { serving: false }, "make not ready")),
  terminating: onRing(namesSchema, (names, { ring }) => ring.set(names, { terminating: true }, "terminate")),
  scale: onRing(scaleSchema, ({ to, each }, verbs) => verbs.scale(to, each)),
  rollout: onRing(rolloutSchema, ({ each }, verbs) => verbs.rollout(each)),
  crashLoop: onRing(crashLoopSchema, ({ member, every, times }, verbs) =>
    verbs.crashLoop(member, every, times),
  ),
  label: onRing(labelsSchema, (labels, { ring }) => ring.label(labels)),
  deleteService: onRing(trueSchema, (_true, { ring }) => ring.deleteService()),
  createService: onRing(trueSchema, (_true, { ring }) => ring.createService()),
  nodeDown: word("all", namesSchema, (names, scene, rings) => {
    const nodes = scene.nodesNamed(names, rings);
    for (const verbs of rings) verbs.nodesDown(nodes);
  }),
  nodeUp: word("all", namesSchema, (names, scene, rings) => {
    const nodes = scene.nodesNamed(names, rings);
    for (const verbs of rings) verbs.nodesUp(nodes);
  }),
  zoneDown: word("all", namesSchema, (zones, scene, rings) => {
    const nodes = scene.nodesInZones(zones, rings);
    for (const verbs of rings) verbs.nodesDown(nodes);
  }),
  zoneUp: word("all", namesSchema, (zones, scene, rings) => {
    const nodes = scene.nodesInZones(zones, rings);
    for (const verbs of rings) verbs.nodesUp(nodes);
  }),
  recording: RECORDING,
  blind: word("none", durationSchema, (ms, scene) => {
    scene.rehearsal.setSilent();
    scene.in(ms, () => scene.rehearsal.setHeard());
  }),
  restart: word("none", restartSchema, (downMs, scene) => {
    const { rehearsal } = scene;
    rehearsal.stop();
    scene.in(downMs, () => {
      if (!rehearsal.pipeline) rehearsal.start();
    });
  }),
  silence: word("none", silenceSchema, ({ for: ms, ...asked }, scene) =>
    scene.silence(matchersOf(asked), ms),
  ),
  unsilence: word("none", unsilenceSchema, (asked, scene) =>
    scene.unsilence(asked === true ? undefined : matchersOf(asked)),
  ),
  labelNamespace: word("none", namespaceLabelsSchema, (changes, scene) => {
    for (const [name, labels] of Object.entries(changes)) scene.labelNamespace(name, labels);
  }),
  reload: {
    rings: "none",
    schema: rulesSchema,
    load: (_value, { readRules }) => readRules(),
    run: (file, { rehearsal }) => rehearsal.reload(file as RulesFile),
  },
  destinationDown: word("none", downSchema, ({ name, for: ms }, scene) => {
    for (const one of name) {
      scene.setDown(one, true);
      scene.in(ms, () => scene.setDown(one, false));
    }
  }),
};
