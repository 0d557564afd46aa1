import { describe, expect, test } from "vitest";
import { Rehearsal, type RehearsalOptions } from "../../src/rehearsal/rehearsal.ts";
import type { ObjectWrite } from "../../src/rehearsal/stand-in-api.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../../src/rules/load-rules.ts";
import { rulesFile } from "../support/rules-file.ts";
import { endpoint, slice } from "../support/slices.ts";

const QUORUM = `
  - name: quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 2 }
    for: 30s
`;
const LEFT = `
  - name: left
    ring: { namespace: data, service: cassandra }
    on: [left]
    settle: 30s
`;

function rehearsal(rules: string | RulesFile, options: Partial<RehearsalOptions> = {}): Rehearsal {
  const file = typeof rules === "string" ? rulesFile(rules) : rules;
  return new Rehearsal({ file, startMs: 0, ...options });
}

function pods(target: Rehearsal, ...names: string[]): void {
  const endpoints = names.map((name) => endpoint(name));
  target.write("endpointslices", { kind: "changed", slice: slice("a", endpoints) });
}

const told = ({ said }: Rehearsal) =>
  said.map(({ atMs, destination, notice: { rule, kind } }) => [atMs, destination, rule, kind]);

describe("Rehearsal", () => {
  test("tells a destination in the millisecond in which the hold ends", () => {
    const stage = rehearsal(QUORUM);
    pods(stage, "c-0", "c-1");
    stage.start();
    stage.passTo(1_000);
    pods(stage, "c-0");
    stage.passTo(30_999);
    expect(told(stage)).toEqual([]);
    stage.passTo(31_000);
    expect(told(stage)).toEqual([[31_000, "hook", "quorum", "fire"]]);
  });

  test("passes while something is due, and no longer", () => {
    const stage = rehearsal(QUORUM);
    stage.start();
    stage.passWhileDue(29_999);
    expect([stage.clock.now(), told(stage)]).toEqual([0, []]);
    stage.passWhileDue(Infinity);
    expect([stage.clock.now(), told(stage)]).toEqual([30_000, [[30_000, "hook", "quorum", "fire"]]]);
  });

  test("shows the request that the destination would get, with stand-ins for secrets", () => {
    const loaded = loadRules(
      `version: 1
destinations:
  slack: { slack: { webhookUrl: { env: SLACK_URL } } }
  pager: { pagerduty: { routingKey: { file: /etc/pager } } }
  hook: { webhook: { url: "http://jobs.data.svc/x", signingSecret: { env: SIGN }, headers: { X-Key: { env: KEY } } } }
defaults: { notify: [slack, pager, hook] }
rules: ${QUORUM}`,
      "rules.yaml",
      destinationKinds,
    );
    if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
    const stage = rehearsal(loaded.file);
    stage.start();
    stage.passTo(30_000);
    const requests = new Map(stage.said.map(({ destination, request }) => [destination, request]));
    expect(requests.get("slack")).toMatchObject({ method: "POST", url: "https://secret.invalid/SLACK_URL" });
    expect(requests.get("pager")).toMatchObject({
      url: "https://events.pagerduty.com/v2/enqueue",
      body: { routing_key: "https://secret.invalid/etc/pager", event_action: "trigger" },
    });
    expect(requests.get("hook")).toMatchObject({
      headers: { "x-key": "https://secret.invalid/KEY", "webhook-signature": expect.stringMatching(/^v1,/) },
      body: { kind: "fire", rule: "quorum" },
    });
  });

  test("goes on after a restart where it was, and sees what happened meanwhile", () => {
    const stage = rehearsal(LEFT);
    pods(stage, "c-0", "c-1");
    stage.start();
    stage.passTo(100_000);
    stage.stop();
    pods(stage, "c-0");
    stage.passTo(200_000);
    stage.start();
    stage.passTo(300_000);
    expect(told(stage)).toEqual([[230_000, "hook", "left", "change"]]);
    expect(stage.said[0]?.notice.change).toMatchObject({ whileAway: true, left: [{ name: "c-1" }] });
  });

  test("is blind after `blindAfter` of silence, and decides by the list when the API server is heard", () => {
    const stage = rehearsal({ ...rulesFile(QUORUM), selfNotify: ["hook"] });
    pods(stage, "c-0", "c-1");
    stage.start();
    stage.passTo(10_000);
    stage.setSilent();
    pods(stage, "c-0");
    stage.passTo(69_999);
    expect(told(stage)).toEqual([]);
    stage.passTo(200_000);
    expect(told(stage)).toEqual([[70_000, "hook", "ringbell/blind", "fire"]]);
    stage.setHeard();
    stage.passTo(300_000);
    expect(told(stage).slice(1)).toEqual([
      [200_000, "hook", "ringbell/blind", "resolve"],
      [230_000, "hook", "quorum", "fire"],
    ]);
  });

  test("is not blind when the silence was short", () => {
    const stage = rehearsal({ ...rulesFile(QUORUM), selfNotify: ["hook"] });
    pods(stage, "c-0", "c-1");
    stage.start();
    stage.setSilent();
    stage.passTo(59_999);
    stage.setHeard();
    stage.passTo(500_000);
    expect(told(stage)).toEqual([]);
  });

  test("is blind too when it was started while the API server is silent", () => {
    const stage = rehearsal({ ...rulesFile(QUORUM), selfNotify: ["hook"] });
    stage.setSilent();
    stage.passTo(5_000);
    stage.start();
    stage.passTo(500_000);
    expect(told(stage)).toEqual([[65_000, "hook", "ringbell/blind", "fire"]]);
  });

  test("tries again what a destination did not take, and says it once", () => {
    let isDown = true;
    const stage = rehearsal(QUORUM, {
      answer: () => (isDown ? { kind: "retry", reason: "serverError" } : { kind: "delivered" }),
    });
    stage.start();
    stage.passTo(60_000);
    expect(told(stage)).toEqual([]);
    isDown = false;
    stage.passTo(900_000);
    expect(stage.said).toHaveLength(1);
    expect(stage.said[0]?.attempts).toBeGreaterThan(1);
  });

  test("says nothing while it is stopped, and nothing that has expired by its next start", () => {
    let isDown = true;
    const stage = rehearsal(QUORUM, {
      answer: () => (isDown ? { kind: "retry", reason: "serverError" } : { kind: "delivered" }),
    });
    stage.start();
    stage.passTo(31_000);
    stage.stop();
    isDown = false;
    stage.passTo(7 * 86_400_000);
    expect(told(stage)).toEqual([]);
    stage.start();
    stage.passTo(8 * 86_400_000);
    expect(told(stage)).toEqual([]);
  });

  test("counts the time to blindness from its own start", () => {
    const stage = rehearsal({ ...rulesFile(QUORUM), selfNotify: ["hook"] });
    stage.start();
    stage.setSilent();
    stage.passTo(20_000);
    stage.stop();
    stage.passTo(25_000);
    stage.start();
    stage.passTo(70_000);
    expect(told(stage).filter(([, , rule]) => rule !== "quorum")).toEqual([]);
  });

  test("sees nothing new at a reload while the API server is silent", () => {
    const stage = rehearsal(QUORUM);
    pods(stage, "c-0", "c-1");
    stage.start();
    stage.setSilent();
    pods(stage, "c-0");
    stage.reload(rulesFile(QUORUM.replace("30s", "5s")));
    stage.passTo(50_000);
    expect(told(stage)).toEqual([]);
  });

  test("goes on with an edited rules file", () => {
    const stage = rehearsal(QUORUM);
    stage.start();
    stage.passTo(10_000);
    stage.reload(rulesFile(QUORUM.replace("30s", "20s")));
    stage.passTo(60_000);
    expect(told(stage)).toEqual([[20_000, "hook", "quorum", "fire"]]);
  });

  test("shows a slice whose label no rule's watch selects any more as deleted", () => {
    const stage = rehearsal(QUORUM);
    pods(stage, "c-0", "c-1");
    stage.start();
    const endpoints = [endpoint("c-0"), endpoint("c-1")];
    stage.write("endpointslices", {
      kind: "changed",
      slice: slice("a", endpoints, { service: "other" }),
    });
    stage.passTo(30_000);
    expect(told(stage)).toEqual([[30_000, "hook", "quorum", "fire"]]);
  });

  test("takes in a silence while it runs, and only then", () => {
    const stage = rehearsal(QUORUM);
    const times = { createdAtMs: 0, startsAtMs: 0, endsAtMs: 60_000 };
    const silence = {
      ...times,
      id: "s",
      author: "a",
      reason: "r",
      matchers: [{ name: "rule", value: "quorum" }],
    } as const;
    expect(stage.addSilence(silence)).toBe(false);
    stage.start();
    expect(stage.addSilence(silence)).toBe(true);
    stage.passTo(59_999);
    expect(told(stage)).toEqual([]);
    stage.passTo(60_000);
    expect(told(stage)).toEqual([[60_000, "hook", "quorum", "fire"]]);
  });

  test("shows objects beside the rings to the watches that ask for them, in lists and as they change", () => {
    const byLabel = QUORUM.replace("namespace: data", 'namespace: "*"').replace(
      "service: cassandra }",
      "service: cassandra, namespaceLabels: { env: prod } }",
    );
    const namespace = (env: string): ObjectWrite => {
      const object = {
        kind: "Namespace",
        key: "data",
        namespace: undefined,
        name: "data",
        uid: "u",
      } as const;
      return { kind: "changed", object: { ...object, labels: { env } } };
    };
    const stage = rehearsal(byLabel);
    pods(stage, "c-0");
    stage.writeObjects(namespace("test"));
    stage.start();
    stage.passTo(100_000);
    expect(told(stage)).toEqual([]);
    stage.writeObjects(namespace("prod"));
    stage.passTo(130_000);
    expect(told(stage)).toEqual([[130_000, "hook", "quorum", "fire"]]);
  });

  test("tells its onlookers what was decided and what was taken", () => {
    const seen: string[] = [];
    const stage = rehearsal(QUORUM, {
      onNotice: ({ rule }, notify) => seen.push(`decided ${rule} for ${notify.join()}`),
      onSaid: ({ destination }) => seen.push(`taken by ${destination}`),
      onSettled: ({ kind }) => seen.push(kind),
      onRing: ({ key }) => seen.push(key),
    });
    pods(stage, "c-0");
    stage.start();
    stage.passTo(30_000);
    expect(seen).toEqual(["data/cassandra", "decided quorum for hook", "taken by hook", "ended"]);
  });
});
