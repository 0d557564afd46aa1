import type { ApiObject } from "./resources.ts";

/** Whether an object is in the scope of a list or watch. */
export type Matcher = (object: ApiObject) => boolean;

/** A selector that was read, or why it cannot be. */
export type ParsedSelector =
  | { readonly ok: true; readonly matches: Matcher }
  | { readonly ok: false; readonly message: string };

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

const KEY = String.raw`[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const EQUALITY = new RegExp(String.raw`^(${KEY})\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)$`);
const SET = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([-A-Za-z0-9_.,\s]*)\)$`);
const EXISTS = new RegExp(String.raw`^(!?)\s*(${KEY})$`);

/**
 * Reads a label selector: `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x,y)`, `a`, `!a`; a comma means and.
 * As in Kubernetes, `!=` and `notin` also hold for objects without the label.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function parseLabelSelector(text: string): ParsedSelector {
  const requirements: Requirement[] = [];
  for (const part of splitOutsideParentheses(text)) {
    const requirement = parseRequirement(part.trim());
    if (!requirement) return { ok: false, message: `unable to parse requirement: ${part.trim() || "<nil>"}` };
    requirements.push(requirement);
  }
  return {
    ok: true,
    matches: (object) => requirements.every((holds) => holds(object.metadata.labels ?? {})),
  };
}

function splitOutsideParentheses(text: string): string[] {
  return text.trim() === "" ? [] : text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string): Requirement | undefined {
  const equality = EQUALITY.exec(text);
  if (equality) {
    const [, key = "", operator, value = ""] = equality;
    return (labels) => (labelOf(labels, key) === value) === (operator !== "!=");
  }
  const set = SET.exec(text);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set<string | undefined>(list.split(",").map((value) => value.trim()));
    return (labels) => values.has(labelOf(labels, key)) === (operator === "in");
  }
  const exists = EXISTS.exec(text);
  if (!exists) return undefined;
  const [, not, key = ""] = exists;
  return (labels) => Object.hasOwn(labels, key) === (not === "");
}

function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/**
 * Reads a field selector: `metadata.name` and `metadata.namespace`, with `=`, `==` and `!=`; a comma means and.
 * Endpoints and EndpointSlices have no other fields to select by.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/
 */
export function parseFieldSelector(text: string): ParsedSelector {
  const matchers: Matcher[] = [];
  for (const part of text.split(",").filter((part) => part !== "")) {
    const parsed = /^([^!=]+)(==|=|!=)(.*)$/.exec(part);
    if (!parsed) return { ok: false, message: `invalid selector: '${part}'; can't understand '${part}'` };
    const [, field, operator, value] = parsed;
    if (field !== "metadata.name" && field !== "metadata.namespace") {
      return { ok: false, message: `field label not supported: ${field}` };
    }
    const key = field === "metadata.name" ? "name" : "namespace";
    matchers.push((object) => (object.metadata[key] === value) === (operator !== "!="));
  }
  return { ok: true, matches: (object) => matchers.every((matches) => matches(object)) };
}
