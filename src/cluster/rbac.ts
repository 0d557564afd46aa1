import { stringify } from "yaml";
import { scopeResource, type WatchScope } from "./watch-plan.ts";

/** Who is to get the permissions, and what the roles are to be called. */
export interface RbacSubject {
  /** The name of all roles and bindings. */
  readonly name: string;
  readonly serviceAccount: string;
  /** The namespace of the ServiceAccount. */
  readonly serviceAccountNamespace: string;
}

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const HEADER = `# What Ringbell needs to watch what these rules name, and no more: list and watch.
# RBAC can restrict Endpoints to single Services (resourceNames), but EndpointSlices only to a namespace:
# their names are random, and a label selector grants nothing.
`;

/**
 * The roles and bindings that a watch plan needs, as YAML for `kubectl apply -f -`.
 * The verbs are list and watch; Endpoints of single Services are granted by name, which Kubernetes honours for requests
 * with a field selector on `metadata.name`: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
 */
export function rbacYaml(scopes: readonly WatchScope[], subject: RbacSubject): string {
  const byNamespace = Map.groupBy(scopes, (scope) => scope.namespace);
  const everywhere = new Set(
    (byNamespace.get(undefined) ?? []).filter((scope) => namesOf(scope) === undefined).map(plural),
  );
  const documents = [...byNamespace].flatMap(([namespace, inNamespace]) => {
    const needed =
      namespace === undefined ? inNamespace : inNamespace.filter((scope) => !everywhere.has(plural(scope)));
    const rules = policyRules(needed);
    return rules.length === 0 ? [] : [role(namespace, rules, subject), binding(namespace, subject)];
  });
  return HEADER + documents.map((document) => `---\n${stringify(document, { lineWidth: 0 })}`).join("");
}

/** The names that a grant can be restricted to; undefined where it has to be for all. */
function namesOf(scope: WatchScope): readonly string[] | undefined {
  if (!("source" in scope)) return scope.name === undefined ? undefined : [scope.name];
  return scope.source === "endpointslices" ? undefined : scope.services;
}

/** No two groups of those that are watched have a plural in common. */
function plural(scope: WatchScope): string {
  return scopeResource(scope).resource;
}

function policyRules(scopes: readonly WatchScope[]): PolicyRule[] {
  const grants = [...Map.groupBy(scopes, plural).values()].flatMap(grantOf);
  // One rule for all resources of a group that are granted alike.
  const alike = Map.groupBy(grants, ({ group, names }) => JSON.stringify([group, names]));
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return {
      apiGroups: [first.group],
      resources: same.map(({ resource }) => resource),
      ...(first.names === undefined ? {} : { resourceNames: first.names }),
      verbs: ["list", "watch"],
    };
  });
}

interface Grant {
  readonly group: string;
  readonly resource: string;
  readonly names: readonly string[] | undefined;
}

function grantOf(scopes: readonly WatchScope[]): Grant[] {
  const [first] = scopes;
  if (first === undefined) return [];
  const { group, resource } = scopeResource(first);
  const names = scopes.map(namesOf);
  const isRestricted = names.every((some) => some !== undefined);
  return [{ group, resource, names: isRestricted ? [...new Set(names.flat())].sort() : undefined }];
}

const API_GROUP = "rbac.authorization.k8s.io";

function role(namespace: string | undefined, rules: readonly PolicyRule[], { name }: RbacSubject): object {
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  return { apiVersion: `${API_GROUP}/v1`, kind, metadata: metadata(name, namespace), rules };
}

function binding(namespace: string | undefined, subject: RbacSubject): object {
  const roleKind = namespace === undefined ? "ClusterRole" : "Role";
  return {
    apiVersion: `${API_GROUP}/v1`,
    kind: `${roleKind}Binding`,
    metadata: metadata(subject.name, namespace),
    roleRef: { apiGroup: API_GROUP, kind: roleKind, name: subject.name },
    subjects: [
      { kind: "ServiceAccount", name: subject.serviceAccount, namespace: subject.serviceAccountNamespace },
    ],
  };
}

function metadata(name: string, namespace: string | undefined): object {
  return namespace === undefined ? { name } : { name, namespace };
}
