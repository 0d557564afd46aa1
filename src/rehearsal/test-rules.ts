import { dirname, isAbsolute, join } from "node:path";
import { isNode } from "yaml";
import type { DestinationKinds } from "../rules/build-destinations.ts";
import { loadRules, type RulesFile } from "../rules/load-rules.ts";
import type { Finding, Problem } from "../rules/problem.ts";
import { secretSpans } from "../rules/secret-mask.ts";
import { maskSpans } from "../rules/source-frame.ts";
import { nodeSpan, parseYaml, valueSpan, type YamlDocument, type YamlPath } from "../rules/yaml-document.ts";
import type { ReadBytes } from "./recorded-writes.ts";

/** A file of tests in which rules stand or are named. */
export interface RulesHolder {
  readonly yaml: YamlDocument;
  readonly text: string;
  readonly path: string;
  readonly kinds: DestinationKinds;
  /** By the path from the file of tests. */
  readonly readBytes: ReadBytes;
}

interface RulesSource {
  readonly text: string;
  readonly path: string;
}

/**
 * Reads the rules at a place of a file of tests: the file that is named there, or what stands there as a map. Undefined when they
 * are wrong; what is wrong is added to `findings` (of the file of tests) and `problems` (of the rules).
 */
export function readRulesAt(
  at: YamlPath,
  holder: RulesHolder,
  findings: Finding[],
  problems: Problem[],
): RulesFile | undefined {
  const value = valueAt(holder.yaml.value, at);
  const source =
    typeof value === "string" ? rulesOfFile(value, at, holder, findings) : rulesWithin(at, holder);
  if (!source) return undefined;
  const loaded = loadRules(source.text, source.path, holder.kinds);
  if (loaded.ok) return loaded.file;
  problems.push(...loaded.problems);
  return undefined;
}

/** The text of a file of tests as frames may show it: a secret may stand in rules that stand within, where it must not. */
export function maskedText(text: string, yaml: YamlDocument | undefined, path: string): string {
  if (!yaml) return text;
  const within = placesOfRules(yaml.value).flatMap((at) => rulesWithin(at, { yaml, text, path }) ?? []);
  const spans = within.flatMap((rules) => {
    const parsed = parseYaml(rules.text);
    return secretSpans(rules.text, parsed.ok ? parsed.yaml : undefined);
  });
  return maskSpans(text, spans);
}

function rulesOfFile(
  name: string,
  at: YamlPath,
  { yaml, path, readBytes }: RulesHolder,
  findings: Finding[],
): RulesSource | undefined {
  try {
    const shown = isAbsolute(name) ? name : join(dirname(path), name);
    return { text: Buffer.from(readBytes(name)).toString("utf8"), path: shown };
  } catch (error) {
    findings.push({
      severity: "error",
      span: valueSpan(yaml, at),
      message: `cannot read the rules file ${name}: ${(error as Error).message}`,
      hint: "the path is from this file",
    });
    return undefined;
  }
}

/** Wherever rules may stand, right or wrong: below `rules`, and below `reload` in a step. */
function placesOfRules(root: unknown): YamlPath[] {
  const tests = childrenOf(valueAt(root, ["tests"])).map((key) => ["tests", key] as const);
  const steps = tests.flatMap((test) =>
    childrenOf(valueAt(root, [...test, "timeline"])).map((key) => [...test, "timeline", key, "reload"]),
  );
  return [["rules"], ...steps];
}

function childrenOf(value: unknown): number[] {
  return Array.isArray(value) ? [...value.keys()] : [];
}

/** The rules file that stands within: all else is blank, so that places are those of the whole file. */
function rulesWithin(
  at: YamlPath,
  { yaml, text, path }: Pick<RulesHolder, "yaml" | "text" | "path">,
): RulesSource | undefined {
  const value = valueAt(yaml.value, at);
  if (typeof value !== "object" || value === null) return undefined;
  const node = yaml.document.getIn(at, true);
  if (!isNode(node)) return undefined;
  const { start, end } = nodeSpan(node);
  const blank = (part: string): string => part.replaceAll(/[^\r\n]/g, " ");
  return { text: blank(text.slice(0, start)) + text.slice(start, end), path };
}

function valueAt(root: unknown, at: YamlPath): unknown {
  let value = root;
  for (const part of at) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part];
  }
  return value;
}
