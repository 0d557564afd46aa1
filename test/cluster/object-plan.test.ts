import { describe, expect, test } from "vitest";
import { describeAttempt, missingPermission } from "../../src/cluster/failure.ts";
import { objectScopeCovers, type ObjectTarget, planObjects } from "../../src/cluster/object-plan.ts";
import { scopeRequest } from "../../src/cluster/watch-plan.ts";
import { scopeOf } from "../support/workloads.ts";

const labels = (namespace?: string): ObjectTarget => ({ need: "namespaceLabels", namespace });
const workloads = (namespace?: string): ObjectTarget => ({ need: "workloads", namespace });

describe("what is watched besides rings", () => {
  test("is nothing where no rule asks for it", () => {
    expect(planObjects([])).toEqual([]);
  });

  test.each<[string, ObjectTarget[], string[]]>([
    ["one namespace's labels", [labels("data"), labels("data")], ["namespaces:data"]],
    ["all namespaces' labels", [labels("data"), labels()], ["namespaces:*"]],
    [
      "workloads of two namespaces",
      [workloads("b"), workloads("a")],
      [
        "pods:a/*",
        "pods:b/*",
        "statefulsets:a/*",
        "statefulsets:b/*",
        "deployments:a/*",
        "deployments:b/*",
        "replicasets:a/*",
        "replicasets:b/*",
      ],
    ],
    [
      "workloads of the cluster",
      [workloads("a"), workloads()],
      ["pods:*/*", "statefulsets:*/*", "deployments:*/*", "replicasets:*/*"],
    ],
  ])("for %s", (_, targets, ids) => {
    expect(planObjects(targets).map(({ id }) => id)).toEqual(ids);
  });

  test("is one watch for many single namespaces", () => {
    const names = Array.from({ length: 21 }, (_, index) => labels(`n-${index}`));
    expect(planObjects(names.slice(0, 20))).toHaveLength(20);
    expect(planObjects(names).map(({ id }) => id)).toEqual(["namespaces:*"]);
  });

  test.each([
    [labels(), { path: "/api/v1/namespaces" }],
    [labels("data"), { path: "/api/v1/namespaces", fieldSelector: "metadata.name=data" }],
    [workloads("data"), { path: "/api/v1/namespaces/data/pods" }],
    [workloads(), { path: "/api/v1/pods" }],
  ])("%j is asked for at %j", (target, request) => {
    const [scope] = planObjects([target]);
    expect(scope && scopeRequest(scope)).toEqual(request);
  });

  test("has the paths of the API", () => {
    const paths = (["StatefulSet", "Deployment", "ReplicaSet"] as const).map(
      (kind) => scopeRequest(scopeOf(kind)).path,
    );
    expect(paths).toEqual([
      "/apis/apps/v1/statefulsets",
      "/apis/apps/v1/deployments",
      "/apis/apps/v1/replicasets",
    ]);
  });

  test("is named in messages, with the permission that it takes", () => {
    const said = planObjects([labels("data"), workloads("data")]).map((scope) =>
      describeAttempt("watch", scope),
    );
    expect(said).toEqual([
      "Cannot watch namespace data",
      "Cannot watch pods in namespace data",
      "Cannot watch statefulsets in namespace data",
      "Cannot watch deployments in namespace data",
      "Cannot watch replicasets in namespace data",
    ]);
    expect(describeAttempt("list", scopeOf("Namespace"))).toBe("Cannot list all namespaces");
    expect(describeAttempt("list", scopeOf("Pod"))).toBe("Cannot list pods in all namespaces");
    expect(missingPermission("list", scopeOf("Deployment"))).toEqual({
      verb: "list",
      resource: "deployments.apps",
      namespace: undefined,
    });
  });

  test("covers its own kind, namespace and name only", () => {
    const [pods] = planObjects([workloads("data")]);
    const [one] = planObjects([labels("data")]);
    const covers = (
      scope: typeof pods,
      kind: "Pod" | "Namespace",
      namespace: string | undefined,
      name: string,
    ) => scope !== undefined && objectScopeCovers(scope, { kind, namespace, name });
    expect(covers(pods, "Pod", "data", "x")).toBe(true);
    expect(covers(pods, "Pod", "shop", "x")).toBe(false);
    expect(covers(pods, "Namespace", undefined, "data")).toBe(false);
    expect(covers(one, "Namespace", undefined, "data")).toBe(true);
    expect(covers(one, "Namespace", undefined, "shop")).toBe(false);
  });
});
