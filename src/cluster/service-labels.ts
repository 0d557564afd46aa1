import type { JsonObject } from "./object-fields.ts";

/** Names the Service that an EndpointSlice belongs to. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** Labels of slices and of Endpoints objects that are not the Service's: whole names, and what names begin with. */
export const RESERVED_LABELS: {
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
} = {
  names: [SERVICE_NAME_LABEL, "service.kubernetes.io/headless"],
  prefixes: ["endpointslice.kubernetes.io/", "endpoints.kubernetes.io/"],
};

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * The labels that a Service has itself. Its controllers copy all of them onto its slices and its Endpoints object, and add
 * their own: https://github.com/kubernetes/endpointslice/blob/master/utils.go (isReservedLabelKey).
 * Everything else under kubernetes.io stays, as it was copied: `app.kubernetes.io/name`, `kubernetes.io/cluster-service`.
 * Returns `previous` when nothing changed.
 */
export function serviceLabels(
  labels: JsonObject | undefined,
  previous: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  if (previous !== undefined && areSame(labels, previous)) return previous;
  let own: Record<string, string> | undefined;
  for (const name in labels) {
    const value = labels[name];
    if (typeof value !== "string" || isPutByKubernetes(name)) continue;
    own ??= {};
    own[name] = value;
  }
  return own ?? NO_LABELS;
}

function areSame(labels: JsonObject | undefined, previous: Readonly<Record<string, string>>): boolean {
  let same = 0;
  for (const name in labels) {
    const value = labels[name];
    // What was among the Service's own before needs no look at its name.
    if (value === previous[name]) same++;
    else if (typeof value === "string" && !isPutByKubernetes(name)) return false;
  }
  for (const name in previous)
    if (labels?.[name] !== undefined) same--;
    else return false;
  return same === 0;
}

function isPutByKubernetes(name: string): boolean {
  return (
    RESERVED_LABELS.names.includes(name) || RESERVED_LABELS.prefixes.some((prefix) => name.startsWith(prefix))
  );
}
