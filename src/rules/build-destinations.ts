import type { z } from "zod";
import { durationSchema } from "./duration-schema.ts";
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
}

type Fields = Readonly<Record<string, unknown>>;

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
  const outer = readRetryFor(value, path, yaml, findings);
  if (kind === undefined) return undefined;
  const settings = value[kind];
  let retryForMs = outer;
  let inside: unknown = settings;
  if (isFields(settings)) {
    const { retryFor, ...others } = settings;
    inside = others;
    retryForMs = readRetryFor(settings, [...path, kind], yaml, findings) ?? outer;
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
  return config && findings.length === before ? { name, kind, config: config.value, retryForMs } : undefined;
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
  const unknown = Object.keys(value).filter((key) => !kinds.has(key) && key !== "retryFor");
  for (const key of unknown) {
    const span = keySpan(yaml, ["destinations", name, key]);
    const match = didYouMean(key, [...known, "retryFor"]);
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

function readRetryFor(
  fields: Fields,
  path: YamlPath,
  yaml: YamlDocument,
  findings: Finding[],
): number | undefined {
  const { retryFor } = fields;
  if (retryFor === undefined) return undefined;
  const base = [...path, "retryFor"];
  const parsed = durationSchema.safeParse(retryFor, NO_WORDS);
  if (parsed.success) return parsed.data;
  const place = { yaml, base, schema: durationSchema, value: retryFor, discreet: false };
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
