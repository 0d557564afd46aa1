import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { V1Deployment, V1PodSpec, V1Volume } from "@kubernetes/client-node";
import { DEPLOY, findKubectls, only, render } from "./kubectl.ts";

const kubectls = findKubectls();

// kubectl 1.20 embeds kustomize 2.0.3, which knows neither folders in `resources` nor `patches` by path:
// https://github.com/kubernetes-sigs/kustomize#kubectl-integration
const withOverlays = kubectls.filter(({ minor }) => minor >= 21);

test("there is a kubectl to render deploy/ with", ({ skip }) => {
  skip(kubectls.length === 0, "no kubectl on this machine (Debian: apt-get install kubernetes-client)");
  expect(kubectls).not.toEqual([]);
});

test("there is a kubectl that can render overlays", ({ skip }) => {
  skip(withOverlays.length === 0, "no kubectl of version 1.21 or later on this machine");
  expect(withOverlays).not.toEqual([]);
});

describe.each(kubectls)("deploy/base rendered by kubectl 1.$minor", (kubectl) => {
  const base = render(kubectl, "base");
  const deployment = only(base, "Deployment");
  const pod = podOf(deployment);
  const container = containerOf(pod);

  test("holds what Ringbell needs and nothing else", () => {
    expect(base.map(({ kind }) => kind).toSorted()).toEqual([
      "ClusterRole",
      "ClusterRoleBinding",
      "ConfigMap",
      "Deployment",
      "Namespace",
      "Service",
      "ServiceAccount",
    ]);
  });

  test("puts everything that has a namespace into ringbell", () => {
    const clusterWide = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding"]);
    for (const { kind, metadata } of base.filter((manifest) => !clusterWide.has(manifest.kind))) {
      expect(metadata.namespace, `namespace of the ${kind}`).toBe("ringbell");
    }
  });

  test("labels every object with the application's name", () => {
    for (const { kind, metadata } of base) {
      expect(metadata.labels?.["app.kubernetes.io/name"], `label of the ${kind}`).toBe("ringbell");
    }
  });

  test("asks for list and watch of EndpointSlices, and for no other right", () => {
    expect(only(base, "ClusterRole").rules).toEqual([
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]);
  });

  test("binds the role to its own service account only", () => {
    const binding = only(base, "ClusterRoleBinding");
    expect(binding.subjects).toEqual([{ kind: "ServiceAccount", name: "ringbell", namespace: "ringbell" }]);
    expect(binding.roleRef.name).toBe(only(base, "ClusterRole").metadata?.name);
  });

  test("mounts the service account's token into this Pod and no other", () => {
    expect(only(base, "ServiceAccount").automountServiceAccountToken).toBe(false);
    expect(pod.automountServiceAccountToken).toBe(true);
    expect(pod.serviceAccountName).toBe(only(base, "ServiceAccount").metadata?.name);
  });

  test("never runs two Pods at once", () => {
    expect(deployment.spec?.replicas).toBe(1);
    expect(deployment.spec?.strategy).toEqual({ type: "Recreate" });
  });

  test("runs without root, capabilities, or a writable root file system", () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  test("is held to the strictest Pod Security standard by its own namespace", () => {
    expect(only(base, "Namespace").metadata?.labels?.["pod-security.kubernetes.io/enforce"]).toBe(
      "restricted",
    );
  });

  test("is probed on the port it listens on", () => {
    expect(container.livenessProbe?.httpGet).toEqual({ path: "/healthz", port: "http" });
    expect(container.readinessProbe?.httpGet).toEqual({ path: "/readyz", port: "http" });
    expect(container.ports).toEqual([{ name: "http", containerPort: 8080 }]);
    expect(container.args).toContain("--listen=0.0.0.0:8080");
  });

  test("sets memory and CPU requests, a memory limit, and time to drain", () => {
    expect(container.resources).toEqual({
      requests: { cpu: "20m", memory: "96Mi" },
      limits: { memory: "256Mi" },
    });
    expect(pod.terminationGracePeriodSeconds).toBe(30);
  });

  test("mounts the rules as a folder under a name that stays, so that an edit reaches the running Pod", () => {
    const configMap = only(base, "ConfigMap");
    expect(configMap.metadata?.name).toBe("ringbell-rules");
    expect(volume(pod, "rules")).toEqual({ name: "rules", configMap: { name: "ringbell-rules" } });
    const mount = container.volumeMounts?.find((each) => each.name === "rules");
    expect(mount).toEqual({ name: "rules", mountPath: "/etc/ringbell", readOnly: true });
    expect(container.args).toContain(`--rules=${mount?.mountPath}/rules.yaml`);
    expect(configMap.data?.["rules.yaml"]).toBe(readFileSync(join(DEPLOY, "base/rules.yaml"), "utf8"));
  });

  test("starts without a Secret and brings none", () => {
    expect(volume(pod, "secrets").secret).toMatchObject({ secretName: "ringbell", optional: true });
    expect(base.some(({ kind }) => kind === "Secret")).toBe(false);
  });

  test("writes its state to a volume, the only place it may write to", () => {
    const writable = container.volumeMounts?.filter((mount) => !mount.readOnly);
    expect(writable).toEqual([{ name: "data", mountPath: "/var/lib/ringbell" }]);
    expect(container.args).toContain("--data=/var/lib/ringbell");
    expect(volume(pod, "data").emptyDir).toBeDefined();
  });

  test("offers its port as a Service that selects its Pod", () => {
    const service = only(base, "Service");
    expect(deployment.spec?.template.metadata?.labels).toMatchObject(service.spec?.selector ?? {});
    expect(service.spec?.ports).toEqual([{ name: "http", port: 8080, targetPort: "http" }]);
  });
});

describe.each(withOverlays)("deploy/overlays rendered by kubectl 1.$minor", (kubectl) => {
  test("pvc keeps the state on a claim that one node writes at a time", () => {
    const manifests = render(kubectl, "overlays/pvc");
    const claim = only(manifests, "PersistentVolumeClaim");
    expect(claim.spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "1Gi" } },
    });
    expect(volume(podOf(only(manifests, "Deployment")), "data")).toEqual({
      name: "data",
      persistentVolumeClaim: { claimName: claim.metadata?.name },
    });
    expect(podOf(only(manifests, "Deployment")).containers).toEqual(
      podOf(only(render(kubectl, "base"), "Deployment")).containers,
    );
  });

  test("namespaced has no right outside one namespace", () => {
    const manifests = render(kubectl, "overlays/namespaced");
    expect(manifests.filter(({ kind }) => kind.startsWith("Cluster"))).toEqual([]);
    expect(only(manifests, "Role").metadata?.namespace).toBe("data");
    expect(only(manifests, "Role").rules).toEqual(only(render(kubectl, "base"), "ClusterRole").rules);
    expect(only(manifests, "RoleBinding").metadata?.namespace).toBe("data");
    expect(only(manifests, "RoleBinding").subjects).toEqual([
      { kind: "ServiceAccount", name: "ringbell", namespace: "ringbell" },
    ]);
  });

  test("endpoints may list and watch Endpoints instead of EndpointSlices", () => {
    const manifests = render(kubectl, "overlays/endpoints");
    expect(only(manifests, "ClusterRole").rules).toEqual([
      { apiGroups: [""], resources: ["endpoints"], verbs: ["list", "watch"] },
    ]);
    expect(only(manifests, "ConfigMap").data?.["rules.yaml"]).toContain("source: endpoints");
  });
});

function podOf(deployment: V1Deployment): V1PodSpec {
  const pod = deployment.spec?.template.spec;
  if (!pod) throw new Error("the Deployment has no Pod template");
  return pod;
}

function containerOf(pod: V1PodSpec): V1PodSpec["containers"][number] {
  const [container, ...more] = pod.containers;
  if (!container || more.length > 0) throw new Error("wanted one container");
  return container;
}

function volume(pod: V1PodSpec, name: string): V1Volume {
  const found = pod.volumes?.find((each) => each.name === name);
  if (!found) throw new Error(`the Pod has no volume ${name}`);
  return found;
}
