import { z } from "zod";
import { destinationOptionsSchema } from "./destination-options.ts";
import { DESTINATION_DOCS, SECRET_DOCS } from "./destination-docs.ts";
import { formatDuration } from "./duration.ts";
import { DURATION_WANTED, durationSchema } from "./duration-schema.ts";
import { type KeyDoc, SCHEMA_DOCS } from "./schema-docs.ts";
import { rulesFileSchema } from "./schema.ts";
import { httpUrlSchema } from "./secret-ref.ts";

/** A JSON Schema (draft-07) or a part of one, as far as it is worked with here. */
export interface JsonSchema {
  description?: string;
  default?: unknown;
  examples?: readonly unknown[];
  properties?: Record<string, JsonSchema>;
  propertyNames?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  [keyword: string]: unknown;
}

/** What the schema of a kind of destination is made from. */
export type DocumentedKinds = ReadonlyMap<
  string,
  { readonly schema: z.ZodType; readonly retryForMs: number }
>;

// Each unit at most once, larger ones first, none of them zero. Without a lookahead: not every validator has it.
const UNITS = ["d", "h", "m", "s", "ms"];
const PARTS = UNITS.map((unit) => `[0-9]*[1-9][0-9]*${unit}`);
const FORMS = PARTS.map(
  (part, at) =>
    part +
    PARTS.slice(at + 1)
      .map((later) => `(${later})?`)
      .join(""),
);
// `patternErrorMessage` is what editors show instead of the pattern.
const DURATION = { pattern: `^(0s|${FORMS.join("|")})$`, patternErrorMessage: DURATION_WANTED };

const URL_TEXT = {
  pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@ ]+([/?#].*)?$",
  patternErrorMessage: "must be an absolute http or https URL, without user name and password",
};

/**
 * The whole rules file as a JSON Schema, for editors: what stands below each kind of destination included, every key with
 * what it means. What depends on several keys or on names is left to `ringbell check`.
 */
export function rulesJsonSchema(kinds: DocumentedKinds): JsonSchema {
  const { $schema, ...file } = convert(rulesFileSchema);
  const destinations = file.properties?.["destinations"];
  if (destinations) destinations.additionalProperties = destinationSchema(kinds);
  const rule = file.properties?.["rules"]?.items;
  if (rule) rule.oneOf = [{ required: ["when"] }, { required: ["on"] }];
  return {
    $schema,
    // No title: editors name every nested map by it.
    description: "Ringbell's rules file: what Ringbell watches, when it speaks and whom it tells.",
    ...tidy(file, ""),
  };
}

function destinationSchema(kinds: DocumentedKinds): JsonSchema {
  const beside = convert(destinationOptionsSchema).properties ?? {};
  const { retryFor } = beside;
  const places = [...kinds].map(([kind, { schema, retryForMs }]): [string, JsonSchema] => {
    const { $schema: _, ...inside } = convert(schema);
    if (inside.properties && retryFor)
      inside.properties["retryFor"] = {
        ...DOCS[RETRY_FOR],
        default: formatDuration(retryForMs),
        ...retryFor,
      };
    return [kind, inside];
  });
  return {
    type: "object",
    properties: { ...Object.fromEntries(places), ...beside },
    oneOf: [...kinds.keys()].map((kind) => ({ required: [kind] })),
    additionalProperties: false,
  };
}

const RETRY_FOR = "destinations.*.retryFor";

function convert(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === durationSchema.in) Object.assign(jsonSchema, DURATION);
      if (zodSchema === (httpUrlSchema as z.core.$ZodType)) Object.assign(jsonSchema, URL_TEXT);
    },
  }) as JsonSchema;
}

/**
 * Adds what each key means, and says in the way that editors understand best what zod says in another. Forms of one value and
 * items of a list are described by the key alone.
 */
function tidy(node: JsonSchema, path: string, isKey = true): JsonSchema {
  const { properties, propertyNames, additionalProperties, items, anyOf, oneOf, maximum, ...rest } = node;
  const named = properties ?? propertiesOf(propertyNames, additionalProperties);
  const below = (key: string): string => (path === "" ? key : `${path}.${key}`);
  return {
    ...(isKey && docOf(path, node)),
    ...rest,
    ...(maximum !== Number.MAX_SAFE_INTEGER && maximum !== undefined && { maximum }),
    ...(named && {
      properties: Object.fromEntries(
        Object.entries(named).map(([key, value]) => [key, tidy(value, below(key))]),
      ),
      additionalProperties: false,
    }),
    ...(!named && propertyNames && { propertyNames }),
    ...(!named &&
      additionalProperties !== undefined && {
        additionalProperties:
          typeof additionalProperties === "object"
            ? tidy(additionalProperties, below("*"))
            : additionalProperties,
      }),
    ...(items && { items: tidy(items, path, false) }),
    ...(anyOf && { anyOf: flatten(anyOf).map((branch) => tidy(branch, path, false)) }),
    ...(oneOf && { oneOf }),
  };
}

/** A map whose keys are known by name, written as such, so that an editor can offer them. */
function propertiesOf(
  names: JsonSchema | undefined,
  value: JsonSchema | boolean | undefined,
): Record<string, JsonSchema> | undefined {
  const known = names?.["enum"];
  if (!Array.isArray(known) || typeof value !== "object") return undefined;
  return Object.fromEntries(known.map((name) => [String(name), value]));
}

function flatten(branches: readonly JsonSchema[]): JsonSchema[] {
  return branches.flatMap((branch) =>
    branch.anyOf && Object.keys(branch).length === 1 ? flatten(branch.anyOf) : [branch],
  );
}

function docOf(path: string, node: JsonSchema): Partial<KeyDoc> {
  if (path === "" || node.description !== undefined) return {};
  const parts = path.split(".");
  const last = parts.at(-1) ?? "";
  return (
    DOCS[path] ??
    DOCS[path.replace(/^defaults\./, "rules.")] ??
    DOCS[[...parts.slice(0, -1), "*"].join(".")] ??
    (path.startsWith("destinations.") ? SECRET_DOCS[last] : undefined) ??
    {}
  );
}

const DOCS: Readonly<Record<string, KeyDoc>> = { ...SCHEMA_DOCS, ...DESTINATION_DOCS };
