import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { schemaText } from "../../src/commands/schema-command.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { DESTINATION_DOCS } from "../../src/rules/destination-docs.ts";
import { formatDuration, parseDuration } from "../../src/rules/duration.ts";
import { type JsonSchema, rulesJsonSchema } from "../../src/rules/json-schema.ts";
import { loadRules } from "../../src/rules/load-rules.ts";
import { SCHEMA_DOCS } from "../../src/rules/schema-docs.ts";
import { BROKEN_RULES, GOOD_RULES } from "../support/broken-rules.ts";

const SCHEMA = rulesJsonSchema(destinationKinds);
// `patternErrorMessage` is for editors.
const validate = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true })
  .addKeyword("patternErrorMessage")
  .compile(SCHEMA);
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

interface Key {
  /** Without list indices; `*` for a name of the operator's own. */
  readonly path: string;
  readonly schema: JsonSchema;
}

/** Every key that the schema knows, whatever form its value has. */
function keysOf(node: JsonSchema, path: string): Key[] {
  const below = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const named = Object.entries(node.properties ?? {}).flatMap(([key, schema]) => [
    { path: below(key), schema },
    ...keysOf(schema, below(key)),
  ]);
  const any = typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
  const forms = [...(node.anyOf ?? []), ...(node.items ? [node.items] : [])];
  return [...named, ...(any ? keysOf(any, below("*")) : []), ...forms.flatMap((form) => keysOf(form, path))];
}

const KEYS = keysOf(SCHEMA, "");

/** A rule, in a file that is right but for it. */
const withRule = (keys: object): unknown => {
  const file = parse(GOOD_RULES) as { rules: object[] };
  return { ...file, rules: [{ ...file.rules[0], ...keys }] };
};

describe("rules.schema.json", () => {
  test("is what `ringbell schema` prints; after a change: ringbell schema > rules.schema.json, then npm run format", () => {
    expect(JSON.parse(read("rules.schema.json"))).toStrictEqual(JSON.parse(schemaText()));
  });

  test("says what every key means, and shows one", () => {
    const bare = KEYS.filter(({ schema }) => !schema.description || !schema.examples?.length);
    expect(
      bare.map(({ path }) => path),
      "give it a line in schema-docs.ts or destination-docs.ts",
    ).toEqual([]);
  });

  test("shows only what may stand there", () => {
    const ajv = new Ajv({ strict: false });
    const wrong = KEYS.flatMap(({ path, schema }) => {
      const fits = ajv.compile(schema);
      const shown = [...(schema.examples ?? []), ...(schema.default === undefined ? [] : [schema.default])];
      return shown.filter((value) => !fits(value)).map((value) => `${path}: ${JSON.stringify(value)}`);
    });
    expect(wrong).toEqual([]);
  });

  test("documents no key that is gone", () => {
    const known = new Set(KEYS.map(({ path }) => path));
    // What stands below names of the operator's own, or under each of several known names.
    const maps = new Set([...known].flatMap((path) => [path.replace(/\.[^.]+$/, ".*"), `${path}.*`]));
    const gone = Object.keys({ ...SCHEMA_DOCS, ...DESTINATION_DOCS });
    expect(gone.filter((path) => !known.has(path) && !maps.has(path))).toEqual([]);
  });

  test("knows every kind of destination, and how long it is tried", () => {
    const kinds = KEYS.filter(({ path }) => /^destinations\.\*\.\w+\.retryFor$/.test(path));
    expect(kinds.map(({ path, schema }) => [path.split(".")[2], schema.default])).toEqual(
      [...destinationKinds].map(([kind, { retryForMs }]) => [kind, formatDuration(retryForMs)]),
    );
  });
});

describe("rules files against the schema", () => {
  test.each([
    "rules.example.yaml",
    "deploy/base/rules.yaml",
    "deploy/overlays/endpoints/rules.yaml",
    "deploy/overlays/namespaced/rules.yaml",
  ])("%s is right", (path) => {
    expect(validate(parse(read(path))), JSON.stringify(validate.errors)).toBe(true);
  });

  test("the example's first line tells editors where the schema is", () => {
    expect(read("rules.example.yaml").split("\n")[0]).toBe(
      "# yaml-language-server: $schema=./rules.schema.json",
    );
  });

  // What is wrong here is the form of one key; the other broken files need the loader to find out.
  test.each([
    "a-list-instead-of-a-map",
    "no-version",
    "version-two",
    "misspelt-condition",
    "misspelt-keys-everywhere",
    "condition-at-rule-level",
    "namespace-at-rule-level",
    "count-as-text",
    "count-of-zero",
    "switch-set-to-false",
    "neither-when-nor-on",
    "both-when-and-on",
    "unknown-change-word",
    "on-as-text",
    "on-empty",
    "duration-with-space",
    "duration-without-unit",
    "duration-rising-units",
    "namespace-missing",
    "namespace-with-slash",
    "label-as-number",
    "notify-as-text",
    "bad-rule-name",
    "bad-severity",
    "bad-membership-and-source",
    "bad-runbook",
    "no-rules",
    "secret-literal",
    "secret-reference-misspelt",
    "secret-as-kind-value",
    "secret-as-env-name",
    "secret-in-url-password",
    "url-of-another-scheme",
    "bad-method",
    "unknown-kind",
    "no-kind",
    "two-kinds",
    "bad-destination-name",
  ])("%s is not", (name) => {
    const text = BROKEN_RULES[name];
    if (text === undefined) throw new Error(`no broken file ${name}`);
    expect(validate(parse(text))).toBe(false);
  });

  test("refuse nothing that the loader takes", () => {
    expect(validate(parse(GOOD_RULES))).toBe(true);
    expect(loadRules(GOOD_RULES, "rules.yaml", destinationKinds).ok).toBe(true);
  });

  test.each(["0s", "90s", "5m", "1h30m", "500ms", "2d", "1d2h3m4s5ms", "10m5ms", "007s"])(
    "%s is a duration",
    (text) => {
      expect(parseDuration(text).ok).toBe(true);
      expect(validate(withRule({ for: text }))).toBe(true);
    },
  );

  test.each(["", "0m", "30", "5 min", "30s5m", "1.5h", "-5s", "5M", "1h0m", "m", "1s1s"])(
    "%j is none",
    (text) => {
      expect(parseDuration(text).ok).toBe(false);
      expect(validate(withRule({ for: text }))).toBe(false);
    },
  );
});
