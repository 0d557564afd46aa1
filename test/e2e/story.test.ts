import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Notice } from "../../src/alerts/notice.ts";
import type { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { Kube, type KubeObject } from "./kube.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { Receivers } from "./receivers.ts";
import { renderRbac, runRingbell } from "./ringbell.ts";
import { Stage } from "./stage.ts";

const SERVICE = "cassandra";
const PODS = [0, 1, 2, 3, 4].map((ordinal) => `${SERVICE}-${ordinal}`);
const SETTLE_MS = 3000;
const SIGNING_SECRET = `whsec_${Buffer.from("a secret for the end-to-end test").toString("base64")}`;

const admin = await Kube.connect(inject("kubeconfig"));
// Before Kubernetes 1.21 there were no EndpointSlices of version v1.
const sources = (await admin.hasEndpointSlices()) ? ["endpointslices", "endpoints"] : ["endpoints"];

describe.each(sources)(
  "ringbell run with source: %s, as a service account with the rendered Role",
  (source) => {
    const folder = mkdtempSync(join(tmpdir(), "ringbell-story-"));
    const rules = join(folder, "rules.yaml");
    let stage: Stage;
    let receivers: Receivers;
    let account: Kube;
    let ringbell: Daemon;
    let env: Record<string, string>;

    beforeAll(async () => {
      receivers = await Receivers.open();
      stage = await Stage.set(admin);
      env = {
        SLACK: receivers.url("/chat"),
        PAGER: "0123456789abcdef0123456789abcdef",
        JOBS: SIGNING_SECRET,
      };
      writeFileSync(rules, rulesFile(source, stage.namespace, receivers));

      await stage.createService(SERVICE);
      for (const pod of PODS) await stage.createPod(SERVICE, pod);
      for (const pod of PODS) await stage.setPodReady(pod, true);
      await stage.untilReady(SERVICE, PODS);

      const access = { server: admin.server, ca: admin.ca, token: await stage.tokenFor("ringbell") };
      account = await Kube.connect(writeKubeconfig(join(folder, "kubeconfig"), access));
    });

    afterAll(async () => {
      await ringbell?.stop();
      await stage?.strike();
      await receivers?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test("gets from `ringbell rbac` just the rights that it needs", async () => {
      const watched = watchedPath(source, stage.namespace);
      expect(await statusOf(account, watched), "before the Role").toBe(403);
      for (const manifest of parseAllDocuments(renderRbac(rules, stage.namespace))) {
        await stage.apply(manifest.toJS() as KubeObject);
      }
      await eventually("the Role counts", async () => (await statusOf(account, watched)) === 200);
      for (const other of ["pods", "secrets", "configmaps", "services"]) {
        expect(
          await statusOf(account, `/api/v1/namespaces/${stage.namespace}/${other}`),
          `list ${other}`,
        ).toBe(403);
      }
      expect(await statusOf(account, watchedPath(source, "kube-system")), "other namespaces").toBe(403);
    });

    test("stays quiet while a rolling restart replaces every Pod", async () => {
      ringbell = await runRingbell({ rules, kubeconfig: join(folder, "kubeconfig"), folder, env });
      // The first settled state is the baseline; what happens before it would be taken for it.
      await sleep(SETTLE_MS + 1000);
      for (const pod of PODS.toReversed()) {
        await stage.deletePod(pod);
        await stage.createPod(SERVICE, pod);
        await stage.setPodReady(pod, true);
        await stage.untilReady(SERVICE, PODS);
      }
      await sleep(SETTLE_MS + 1000);
      expect(receivers.at()).toEqual([]);
    });

    test("tells Slack and PagerDuty when a Pod crashes, and when it is well again", async () => {
      await stage.setPodReady("cassandra-1", false);
      await eventually("PagerDuty has an incident", () => receivers.at("/pager").length === 1);
      await eventually("Slack has a message", () => receivers.at("/chat").length === 1);
      await stage.setPodReady("cassandra-1", true);
      await eventually("the incident is resolved", () => receivers.at("/pager").length === 2);
      await eventually("Slack has the end of it", () => receivers.at("/chat").length === 2);

      const events = receivers.at("/pager").map(({ body }) => JSON.parse(body) as PagerDutyEvent);
      expect(events.map((event) => event.event_action)).toEqual(["trigger", "resolve"]);
      expect(events[1]?.dedup_key).toBe(events[0]?.dedup_key);
      expect(events[0]?.payload?.severity).toBe("critical");
      expect(events[0]?.routing_key).toBe(env["PAGER"]);
      for (const { body } of receivers.at("/chat")) expect(body).toContain(`${stage.namespace}/${SERVICE}`);
      expect(receivers.at("/jobs")).toEqual([]);
    });

    test("sends one signed webhook with both members that a scale-down takes away", async () => {
      await stage.deletePod("cassandra-4");
      await stage.deletePod("cassandra-3");
      const [job] = await eventually(
        "the job is asked for",
        () => receivers.at("/jobs").length > 0 && receivers.at("/jobs"),
      );
      const headers = job?.headers as Record<string, string>;
      const notice = new Webhook(SIGNING_SECRET).verify(job?.body ?? "", headers) as Notice;

      expect(notice).toMatchObject({
        kind: "change",
        rule: "scaled-down",
        generation: 1,
        previousGeneration: 0,
      });
      expect(notice.ring).toMatchObject({ key: `${stage.namespace}/${SERVICE}`, source });
      expect(notice.change).toMatchObject({
        joined: [],
        replaced: [],
        moved: [],
        removed: false,
        whileAway: false,
      });
      expect(notice.change?.left.map(({ name }) => name)).toEqual(["cassandra-3", "cassandra-4"]);
      expect(notice.change?.after.map(({ name }) => name)).toEqual([
        "cassandra-0",
        "cassandra-1",
        "cassandra-2",
      ]);
    });

    test("opens one more incident, since three members are fewer than five, and says nothing else", async () => {
      await eventually("PagerDuty has the incident", () => receivers.at("/pager").length === 3);
      await eventually("Slack has the message", () => receivers.at("/chat").length === 3);
      expect(await ringbell.stop()).toBe(0);
      const [crash, , scaledDown] = receivers
        .at("/pager")
        .map(({ body }) => JSON.parse(body) as PagerDutyEvent);
      expect(scaledDown?.event_action).toBe("trigger");
      expect(scaledDown?.dedup_key).not.toBe(crash?.dedup_key);
      expect(receivers.at()).toHaveLength(3 + 3 + 1);
    });

    test("writes no secret into its log", () => {
      expect(ringbell.log()).toContain("cassandra");
      expect(ringbell.log()).not.toContain(SIGNING_SECRET);
      expect(ringbell.log()).not.toContain(env["PAGER"]);
    });
  },
);

interface PagerDutyEvent {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: { readonly severity: string };
}

function rulesFile(source: string, namespace: string, receivers: Receivers): string {
  return `
version: 1
destinations:
  chat:
    slack: { webhookUrl: { env: SLACK } }
  pager:
    pagerduty: { routingKey: { env: PAGER }, url: ${receivers.url("/pager")} }
  jobs:
    webhook: { url: ${receivers.url("/jobs")}, signingSecret: { env: JOBS } }
defaults: { source: ${source}, notify: [chat] }
rules:
  - name: below-five
    ring: { namespace: ${namespace}, service: ${SERVICE} }
    when: { readyBelow: 5 }
    for: 2s
    severity: critical
    notify: [chat, pager]
  - name: scaled-down
    ring: { namespace: ${namespace}, service: ${SERVICE} }
    on: [left]
    settle: ${SETTLE_MS / 1000}s
    notify: [jobs]
`;
}

/** What Ringbell lists for these rules: one Service of one namespace. */
function watchedPath(source: string, namespace: string): string {
  return source === "endpoints"
    ? `/api/v1/namespaces/${namespace}/endpoints?fieldSelector=metadata.name%3D${SERVICE}`
    : `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${SERVICE}`;
}

async function statusOf(kube: Kube, path: string): Promise<number> {
  return (await kube.ask("GET", path)).status;
}
