import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { Crew } from "./crew.ts";
import { Kube, type KubeObject } from "./kube.ts";
import { ringbell } from "./ringbell.ts";
import { WatchSite, whyLeft } from "./watch-site.ts";

const KINDS = ["pods", "statefulsets.apps", "deployments.apps", "replicasets.apps"];

describe("ringbell run with reasons, without the right to see Pods and workloads", () => {
  let crew: Crew;
  let site: WatchSite;

  beforeAll(async () => {
    const admin = await Kube.connect(inject("kubeconfig"));
    crew = await Crew.open(admin);
    await crew.create("statefulsets", "hidden", 4);
    const rules = (hook: string): string => rulesFile(crew.namespace, hook);
    site = await WatchSite.open({ admin, crew, rules, grant: onlyEndpoints });
    await crew.untilReady("hidden", 4);
  });
  afterAll(async () => {
    await site?.close();
    await crew?.strike();
  });

  test("is ready, and says which rights are missing and what would grant them", async () => {
    await site.start();
    for (const resource of KINDS) {
      const line = await site.untilLogged(`what is missing for ${resource}`, ({ missing }) => {
        return (missing as { readonly resource: string } | undefined)?.resource === resource;
      });
      expect(line).toMatchObject({
        level: "error",
        missing: { verb: "list", resource, namespace: crew.namespace },
        hint: "apply the output of: ringbell rbac RULES_FILE",
      });
    }
  });

  test("explains what it could not look at", async () => {
    const { rulesPath, kubeconfig } = site;
    const { code, out, err } = await ringbell(["explain", rulesPath, "--kubeconfig", kubeconfig]);
    expect(code).toBe(1);
    expect(err).toContain(`Warning: Cannot list pods in namespace ${crew.namespace}: 403`);
    expect(out).toContain("4 of 4 ready");
  });

  test("decides about rings all the same", async () => {
    await site.untilSettled(["left"]);
    await crew.scale("statefulsets", "hidden", 3);
    const [left] = await site.untilTold("left", 1);
    expect(whyLeft(left as Notice)).toEqual(["hidden-3: unknown"]);
    const [fired] = await site.untilTold("below", 1);
    expect(fired?.kind).toBe("fire");
  });

  test("knows reasons once it may see them", async () => {
    await site.grantAll();
    for (const resource of ["pods", "statefulsets"]) {
      const scope = `${resource}:${crew.namespace}/*`;
      await site.untilLogged(
        `${scope} is listed`,
        (line) => line["scope"] === scope && line.msg === "listed",
      );
    }
    await crew.scale("statefulsets", "hidden", 2);
    const [, left] = await site.untilTold("left", 2);
    expect(whyLeft(left as Notice)).toEqual(["hidden-2: scaledDown"]);
    expect(await site.stop()).toBe(0);
    // Once for each, however often it tries.
    expect(site.logs().filter(({ level }) => level === "error")).toHaveLength(KINDS.length);
  });
});

/** A Role as it is without what `reasons` asks for. */
function onlyEndpoints(manifest: KubeObject): KubeObject {
  if (manifest["kind"] !== "Role") return manifest;
  const rules = manifest["rules"] as readonly { readonly resources: readonly string[] }[];
  return { ...manifest, rules: rules.filter(({ resources }) => resources.includes("endpoints")) };
}

function rulesFile(namespace: string, hook: string): string {
  const ring = `ring: { namespace: ${namespace}, service: hidden }`;
  return `
version: 1
destinations:
  hook: { webhook: { url: ${hook} } }
defaults: { source: endpoints, notify: [hook], reasons: true }
rules:
  - { name: left, ${ring}, on: [left], settle: 1s }
  - { name: below, ${ring}, when: { readyBelow: 4 } }
`;
}
