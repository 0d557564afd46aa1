import { isFields } from "./build-destinations.ts";
import { didYouMean } from "./nearest.ts";
import type { Finding } from "./problem.ts";
import { valueSpan } from "./yaml-document.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Checks every `suppressedBy` of a rules file: a name that no rule has, that is the rule's own, that stands twice or is of a rule
 * that never fires is an error; so are rules that wait for each other, by whatever way round. Works on the file's own values, right or not.
 */
export function checkSuppressors(yaml: YamlDocument, findings: Finding[]): void {
  const root = isFields(yaml.value) ? yaml.value : {};
  const rules = Array.isArray(root["rules"]) ? root["rules"] : [];
  const byName = new Map<string, Fields>();
  for (const rule of rules) {
    if (isFields(rule) && typeof rule["name"] === "string") byName.set(rule["name"], rule);
  }
  rules.forEach((rule: unknown, index) => {
    const listed: unknown = isFields(rule) ? rule["suppressedBy"] : undefined;
    if (!isFields(rule) || !Array.isArray(listed)) return;
    const names = listed.map((each: unknown) => (isFields(each) ? each["rule"] : each));
    listed.forEach((each: unknown, place) => {
      const message =
        wrong(names, place, rule["name"], byName) ?? circular(names[place], rule["name"], byName);
      const path: YamlPath = ["rules", index, "suppressedBy", place, ...(isFields(each) ? ["rule"] : [])];
      if (message) findings.push({ severity: "error", span: valueSpan(yaml, path), ...message });
    });
  });
}

function wrong(
  names: readonly unknown[],
  place: number,
  own: unknown,
  byName: ReadonlyMap<string, Fields>,
): Pick<Finding, "message" | "hint"> | undefined {
  const name = names[place];
  // What cannot be a name is told by the schema.
  if (typeof name !== "string" || !/^[a-z0-9-]+$/.test(name)) return undefined;
  const shown = `"${name.slice(0, 100)}"`;
  if (name === own) return { message: `rule ${shown} cannot speak for itself`, hint: undefined };
  const rule = byName.get(name);
  if (!rule) {
    const others = [...byName.keys()].filter((other) => other !== own);
    const match = didYouMean(name, others);
    const hint = match === "" ? `rules in this file: ${[...byName.keys()].join(", ")}` : undefined;
    return { message: `unknown rule ${shown}${match}`, hint };
  }
  if (rule["on"] !== undefined && rule["when"] === undefined) {
    const message = `rule ${shown} cannot speak for others: it has "on" and so never fires`;
    return { message, hint: 'name a rule with "when"' };
  }
  if (names.indexOf(name) < place)
    return { message: `rule ${shown} stands twice in this list`, hint: undefined };
  return undefined;
}

function circular(
  name: unknown,
  own: unknown,
  byName: ReadonlyMap<string, Fields>,
): Pick<Finding, "message" | "hint"> | undefined {
  const seen = new Set<unknown>();
  const left = [name];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (at === own) {
      const message = `rules "${String(own)}" and "${String(name)}" each wait for the other`;
      return { message, hint: "let one of them speak by itself" };
    }
    if (seen.has(at) || typeof at !== "string") continue;
    seen.add(at);
    const listed = byName.get(at)?.["suppressedBy"];
    if (Array.isArray(listed))
      left.push(...listed.map((each: unknown) => (isFields(each) ? each["rule"] : each)));
  }
  return undefined;
}
