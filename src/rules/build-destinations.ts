import type { z } from "zod";
import { destinationOptionsSchema, type GroupConfig } from "./destination-options.ts";
import { didYouMean } from "./nearest.ts";
import type { Finding } from "./problem.ts";
import { isPlainKey, NO_WORDS, schemaFindings } from "./schema-findings.ts";
import { keySpan, valueSpan } from "./yaml-document.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

/** The kinds of destination there are, by their key in the rules file. `schema` says what may stand below it. */
export type DestinationKinds = ReadonlyMap<string, { readonly schema: z.ZodType }>;

/** One destination of the rules file, its settings checked by its kind. */
export interface DestinationConfig {
  readonly name: string;
  readonly kind: string;
  /** What the kind's schema made of it. */
  readonly config: unknown;
  /** Undefined when the file does not say: the kind has a default. */
  readonly retryForMs: number | undefined;
  /** Names of mute windows during which it is not told. */
  readonly mute: readonly string[];
  /** How it hears of many alerts at once; undefined for one by one. */
  readonly group: GroupConfig | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Keys that any destination may have beside its kind. */
const OPTIONS: readonly string[] = Object.keys(destinationOptionsSchema.shape);

/** Checks one destination. Undefined when it has problems; these are then among `findings`. */
export function buildDestination(
  name: string,
  value: unknown,
  yaml: YamlDocument,
  kinds: DestinationKinds,
  findings: Finding[],
): DestinationConfig | undefined {
  const path = ["destinations", name];
  const known = [...kinds.keys()];
  if (!isFields(value)) {
    const message = `destination "${name}" must be a map with its kind as key`;
    findings.push({
      severity: "error",
      span: valueSpan(yaml, path),
      message,
      hint: `kinds: ${known.join(", ")}`,
    });
    return undefined;
  }
  const before = findings.length;
  const kind = onlyKind(name, value, yaml, kinds, findings);
  const outer = readOption("retryFor", value, path, yaml, findings);
  const mute = readOption("mute", value, path, yaml, findings) ?? [];
  const group = readOption("group", value, path, yaml, findings);
  if (kind === undefined) return undefined;
  const settings = value[kind];
  let retryForMs = outer;
  let inside: unknown = settings;
  if (isFields(settings)) {
    const { retryFor, ...others } = settings;
    inside = others;
    retryForMs = readOption("retryFor", settings, [...path, kind], yaml, findings) ?? outer;
    if (retryFor !== undefined && value["retryFor"] !== undefined) {
      const span = keySpan(yaml, [...path, "retryFor"]);
      findings.push({
        severity: "error",
        span,
        message: `"retryFor" stands twice, beside "${kind}" and below it`,
      });
    }
  }
  const config = checkSettings(inside, kind, [...path, kind], yaml, kinds, findings);
  if (!config || findings.length > before) return undefined;
  return { name, kind, config: config.value, retryForMs, mute, group };
}

function onlyKind(
  name: string,
  value: Fields,
  yaml: YamlDocument,
  kinds: DestinationKinds,
  findings: Finding[],
): string | undefined {
  const known = [...kinds.keys()];
  const present = Object.keys(value).filter((key) => kinds.has(key));
  const unknown = Object.keys(value).filter((key) => !kinds.has(key) && !OPTIONS.includes(key));
  for (const key of unknown) {
    const span = keySpan(yaml, ["destinations", name, key]);
    const match = didYouMean(key, [...known, ...OPTIONS]);
    const message = isPlainKey(key)
      ? `unknown destination kind "${key}"${match}`
      : "unknown destination kind";
    findings.push({
      severity: "error",
      span,
      message,
      hint: match === "" ? `kinds: ${known.join(", ")}` : undefined,
    });
  }
  const [kind, second] = present;
  if (kind === undefined && unknown.length === 0) {
    const message = `destination "${name}" has no kind`;
    const span = valueSpan(yaml, ["destinations", name]);
    findings.push({ severity: "error", span, message, hint: `kinds: ${known.join(", ")}` });
  }
  if (second !== undefined) {
    const message = `destination "${name}" has two kinds, ${kind} and ${second}`;
    const span = keySpan(yaml, ["destinations", name, second]);
    findings.push({ severity: "error", span, message, hint: "give each a destination of its own" });
  }
  return kind;
}

type Options = z.output<typeof destinationOptionsSchema>;

function readOption<Key extends keyof Options>(
  key: Key,
  fields: Fields,
  path: YamlPath,
  yaml: YamlDocument,
  findings: Finding[],
): Options[Key] | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  const schema: z.ZodType = destinationOptionsSchema.shape[key];
  const parsed = schema.safeParse(value, NO_WORDS);
  if (parsed.success) return parsed.data as Options[Key];
  const place = { yaml, base: [...path, key], schema, value, discreet: false };
  findings.push(...schemaFindings(parsed.error.issues, place));
  return undefined;
}

function checkSettings(
  value: unknown,
  kind: string,
  base: YamlPath,
  yaml: YamlDocument,
  kinds: DestinationKinds,
  findings: Finding[],
): { readonly value: unknown } | undefined {
  const schema = kinds.get(kind)?.schema;
  if (!schema) return undefined;
  const parsed = schema.safeParse(value, NO_WORDS);
  if (parsed.success) return { value: parsed.data };
  findings.push(...schemaFindings(parsed.error.issues, { yaml, base, schema, value, discreet: true }));
  return undefined;
}

/** True for a map of the YAML file. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
