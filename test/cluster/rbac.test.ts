import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { rbacYaml } from "../../src/cluster/rbac.ts";
import { type ObjectTarget, planObjects } from "../../src/cluster/object-plan.ts";
import { planWatches, type WatchTarget } from "../../src/cluster/watch-plan.ts";

const SUBJECT = { name: "ringbell", serviceAccount: "bell", serviceAccountNamespace: "monitoring" };

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly object[];
}

function target(source: WatchTarget["source"], namespace?: string, service?: string): WatchTarget {
  return { source, namespace, service };
}

function roles(...targets: WatchTarget[]): Document[] {
  return parseAllDocuments(rbacYaml(planWatches(targets), SUBJECT)).map(
    (document) => document.toJS() as Document,
  );
}

/** With what these rules need besides their rings, which are `data/web`. */
function rolesWith(...targets: ObjectTarget[]): Document[] {
  const scopes = [...planWatches([target("endpointslices", "data", "web")]), ...planObjects(targets)];
  return parseAllDocuments(rbacYaml(scopes, SUBJECT)).map((document) => document.toJS() as Document);
}

const SLICES = { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] };
const ENDPOINTS = { apiGroups: [""], resources: ["endpoints"], verbs: ["list", "watch"] };

describe("the permissions that a watch plan needs", () => {
  test("as YAML that can be applied", () => {
    const yaml = rbacYaml(planWatches([target("endpointslices", "data", "cassandra")]), SUBJECT);
    expect(yaml).toMatchInlineSnapshot(`
      "# What Ringbell needs to watch what these rules name, and no more: list and watch.
      # RBAC can restrict Endpoints to single Services (resourceNames), but EndpointSlices only to a namespace:
      # their names are random, and a label selector grants nothing.
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: Role
      metadata:
        name: ringbell
        namespace: data
      rules:
        - apiGroups:
            - discovery.k8s.io
          resources:
            - endpointslices
          verbs:
            - list
            - watch
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: RoleBinding
      metadata:
        name: ringbell
        namespace: data
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: Role
        name: ringbell
      subjects:
        - kind: ServiceAccount
          name: bell
          namespace: monitoring
      "
    `);
  });

  test("one Role with one rule for many Services of a namespace", () => {
    const [role, binding, ...more] = roles(
      target("endpointslices", "data", "a"),
      target("endpointslices", "data", "b"),
    );
    expect(role).toMatchObject({ kind: "Role", metadata: { namespace: "data" }, rules: [SLICES] });
    expect([binding?.kind, more]).toEqual(["RoleBinding", []]);
  });

  test("Endpoints of single Services by name, next to EndpointSlices", () => {
    const [role] = roles(
      target("endpoints", "data", "b"),
      target("endpoints", "data", "a"),
      target("endpointslices", "data"),
    );
    expect(role?.rules).toEqual([SLICES, { ...ENDPOINTS, resourceNames: ["a", "b"] }]);
  });

  test("all Endpoints of a namespace without names", () => {
    expect(roles(target("endpoints", "data"))[0]?.rules).toEqual([ENDPOINTS]);
  });

  test("a ClusterRole only for all namespaces", () => {
    const documents = roles(target("endpointslices"), target("endpoints", "data"));
    expect(documents.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ["ClusterRole", undefined],
      ["ClusterRoleBinding", undefined],
      ["Role", "data"],
      ["RoleBinding", "data"],
    ]);
    expect(documents[0]?.rules).toEqual([SLICES]);
  });

  test("no Role where a ClusterRole grants as much already", () => {
    const documents = roles(
      target("endpointslices", undefined, "web"),
      target("endpointslices", "data", "db"),
    );
    expect(documents.map(({ kind }) => kind)).toEqual(["ClusterRole", "ClusterRoleBinding"]);
  });

  test("a Role next to a ClusterRole that grants single names only", () => {
    const documents = roles(target("endpoints", undefined, "web"), target("endpoints", "data", "db"));
    expect(documents.map(({ kind, rules }) => [kind, rules])).toEqual([
      ["ClusterRole", [{ ...ENDPOINTS, resourceNames: ["web"] }]],
      ["ClusterRoleBinding", undefined],
      ["Role", [{ ...ENDPOINTS, resourceNames: ["db"] }]],
      ["RoleBinding", undefined],
    ]);
  });

  test("nothing for Pods and namespaces where no rule asks for them", () => {
    expect(rolesWith()[0]?.rules).toEqual([SLICES]);
  });

  test("Pods and their owners in the namespace of a rule with reasons", () => {
    const [role, , ...more] = rolesWith({ need: "workloads", namespace: "data" });
    const verbs = ["list", "watch"];
    expect([role?.kind, role?.metadata.namespace, more]).toEqual(["Role", "data", []]);
    expect(role?.rules).toEqual([
      SLICES,
      { apiGroups: [""], resources: ["pods"], verbs },
      { apiGroups: ["apps"], resources: ["statefulsets", "deployments", "replicasets"], verbs },
    ]);
  });

  test("Pods of the cluster only for rules with reasons on all namespaces", () => {
    const documents = rolesWith(
      { need: "workloads", namespace: undefined },
      { need: "workloads", namespace: "data" },
    );
    expect(documents.map(({ kind }) => kind)).toEqual([
      "Role",
      "RoleBinding",
      "ClusterRole",
      "ClusterRoleBinding",
    ]);
    expect(documents[0]?.rules).toEqual([SLICES]);
  });

  test("single namespaces by name, in a ClusterRole as they belong to no namespace", () => {
    const documents = rolesWith(
      { need: "namespaceLabels", namespace: "shop" },
      { need: "namespaceLabels", namespace: "data" },
    );
    expect(documents.at(2)).toMatchObject({
      kind: "ClusterRole",
      rules: [
        {
          apiGroups: [""],
          resources: ["namespaces"],
          resourceNames: ["data", "shop"],
          verbs: ["list", "watch"],
        },
      ],
    });
    expect(rolesWith({ need: "namespaceLabels", namespace: undefined }).at(2)?.rules).toEqual([
      { apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch"] },
    ]);
  });
});
