import { stringify } from "yaml";
import type { Source } from "./slice.ts";
import { RESOURCES, type Scope } from "./watch-plan.ts";

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
export function rbacYaml(scopes: readonly Scope[], subject: RbacSubject): string {
  const byNamespace = Map.groupBy(scopes, (scope) => scope.namespace);
  const everywhere = new Set(
    scopes
      .filter(({ namespace, source, services }) => namespace === undefined && grantsAll(source, services))
      .map((s) => s.source),
  );
  const documents = [...byNamespace].flatMap(([namespace, inNamespace]) => {
    const needed =
      namespace === undefined ? inNamespace : inNamespace.filter((scope) => !everywhere.has(scope.source));
    const rules = policyRules(needed);
    return rules.length === 0 ? [] : [role(namespace, rules, subject), binding(namespace, subject)];
  });
  return HEADER + documents.map((document) => `---\n${stringify(document, { lineWidth: 0 })}`).join("");
}

function grantsAll(source: Source, services: readonly string[] | undefined): boolean {
  return services === undefined || source === "endpointslices";
}

function policyRules(scopes: readonly Scope[]): PolicyRule[] {
  return [...Map.groupBy(scopes, (scope) => scope.source)].map(([source, ofSource]) => {
    const { group, resource } = RESOURCES[source];
    const all = ofSource.some(({ services }) => grantsAll(source, services));
    const names = [...new Set(ofSource.flatMap(({ services }) => services ?? []))].sort();
    return {
      apiGroups: [group],
      resources: [resource],
      ...(all ? {} : { resourceNames: names }),
      verbs: ["list", "watch"],
    };
  });
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
