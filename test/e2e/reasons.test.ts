import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import { Crew } from "./crew.ts";
import type { Daemon } from "./daemon.ts";
import { eventually } from "./eventually.ts";
import { Kube } from "./kube.ts";
import { CHANGE_RULES, inWords, reasonsRules } from "./reasons-rules.ts";
import { ringbell, startRingbell } from "./ringbell.ts";
import { WatchSite, whyLeft } from "./watch-site.ts";

const admin = await Kube.connect(inject("kubeconfig"));
const minor = await admin.minorVersion();
describe("ringbell run with reasons, sizes and namespace labels, as a service account with the rendered roles", () => {
  let crew: Crew;
  let site: WatchSite;
  let recorder: Daemon;
  let recording: string;

  beforeAll(async () => {
    crew = await Crew.open(admin);
    await crew.create("statefulsets", "shrinks", 5);
    await crew.create("statefulsets", "rolls", 3);
    await crew.create("deployments", "drains", 3);
    await crew.create("deployments", "presses", 2);
    await crew.create("statefulsets", "vanishes", 2);
    await crew.create("deployments", "loses", 1);
    await crew.create("deployments", "loses-frail", 2, { app: "loses", node: crew.frailNode });
    crew.kubelet.holdBack("shares-2");
    await crew.create("statefulsets", "shares", 5);
    await crew.stage.createService("empty");
    site = await WatchSite.open({ admin, crew, rules: (hook) => reasonsRules(crew.namespace, hook, "1s") });
    await Promise.all([
      crew.untilReady("shrinks", 5),
      crew.untilReady("rolls", 3),
      crew.untilReady("drains", 3),
      crew.untilReady("presses", 2),
      crew.untilReady("vanishes", 2),
      crew.untilReady("loses", 3),
      eventually("shares has three Pods", async () => {
        const { ready, notReady } = await crew.stage.endpoints("shares");
        return ready.length === 2 && notReady.length === 1;
      }),
    ]);
    recording = join(site.folder, "recording.ndjson.gz");
    const { rulesPath: rules, kubeconfig } = site;
    const flags = ["--rules", rules, "--kubeconfig", kubeconfig, "--out", recording];
    recorder = startRingbell(["record", ...flags], join(site.folder, "record.log"));
    await site.start();
    await site.untilSettled(CHANGE_RULES);
    // A first settled state needs the rule's `default` as well: ten minutes are for the tests to be sure that nobody waits for them.
    site.writeRules((hook) => reasonsRules(crew.namespace, hook, "10m"));
    await site.untilLogged("the other rules", ({ msg }) => msg === "the rules file has changed");
  });

  afterAll(async () => {
    await recorder?.stop();
    await site?.close();
    await crew?.strike();
  });

  describe.concurrent("that is told why", () => {
    test("tells a scale-down from 5 to 3 once, after its own settle time and not after the default", async () => {
      await crew.scale("statefulsets", "shrinks", 3);
      const [notice] = await site.untilTold("scaled-down", 1);

      expect(whyLeft(notice as Notice)).toEqual(["shrinks-3: scaledDown", "shrinks-4: scaledDown"]);
      const { change, generation } = notice as Notice;
      expect({ generation, joined: change?.joined, forced: change?.forced }).toEqual({
        generation: 1,
        joined: [],
        forced: false,
      });
      const settledMs = Date.parse(change?.settledAt ?? "") - Date.parse(change?.firstChangeAt ?? "");
      // The second Pod goes when the first is gone.
      expect(settledMs).toBeGreaterThanOrEqual(5000);
      expect(settledMs).toBeLessThan(20_000);
    });

    test("says nothing of a rolling restart where rollouts hold, and tells it as one where they do not", async () => {
      await crew.restart("statefulsets", "rolls");
      await site.untilSettled(["rollout-held", "rollout-told"]);
      const told = site.told("rollout-told").flatMap(whyLeft);
      expect(told.length).toBeGreaterThan(0);
      expect(told.filter((words) => !words.endsWith(": rollout"))).toEqual([]);
      expect(site.told("rollout-held")).toEqual([]);

      await crew.scale("statefulsets", "rolls", 2);
      const [notice] = await site.untilTold("rollout-held", 1);
      expect(whyLeft(notice as Notice)).toEqual(["rolls-2: scaledDown"]);
      expect(notice?.generation).toBe(1);
    });

    test("tells apart an eviction, a deletion, a smaller Deployment and a new one, as far as the server does", async () => {
      const [evicted = ""] = await crew.untilReady("drains", 3);
      await crew.evict(evicted);
      const [first] = await site.untilTold("drained", 1);
      // Before 1.26 nothing marks a Pod that the Eviction API deletes.
      expect(whyLeft(first as Notice)).toEqual([`${evicted}: ${minor < 26 ? "deleted" : "evicted"}`]);

      const [deleted = ""] = await crew.untilReady("drains", 3);
      await crew.deletePod(deleted);
      const [, second] = await site.untilTold("drained", 2);
      expect(whyLeft(second as Notice)).toEqual([`${deleted}: deleted`]);

      const before = await crew.untilReady("drains", 3);
      await crew.scale("deployments", "drains", 2);
      const after = await crew.untilReady("drains", 2);
      const [, , third] = await site.untilTold("drained", 3);
      const surplus = before.find((pod) => !after.includes(pod));
      expect(whyLeft(third as Notice)).toEqual([`${surplus}: scaledDown`]);

      await crew.restart("deployments", "drains");
      await crew.untilReady("drains", 2);
      const rolled = await eventually("both have left", () => {
        const told = site.told("drained").slice(3).flatMap(whyLeft);
        return told.length >= after.length && told;
      });
      expect(rolled.toSorted()).toEqual(after.map((pod) => `${pod}: rollout`));
    });

    test("knows a Pod that its kubelet has evicted, one that crashes, and those of a Deployment without replicas", async () => {
      const [evicted = "", crashed = ""] = await crew.untilReady("presses", 2);
      await crew.kubelet.evict(evicted);
      const [first] = await site.untilTold("pressed", 1);
      expect(whyLeft(first as Notice)).toEqual([`${evicted}: evicted`]);
      expect(first?.change?.departures?.[0]?.evidence).toContain("Evicted");

      await crew.kubelet.crash(crashed);
      const [, second] = await site.untilTold("pressed", 2);
      expect(whyLeft(second as Notice)).toEqual([`${crashed}: crashed`]);
      expect(second?.change?.departures?.[0]?.evidence).toContain("exit code 137 (OOMKilled), 3 restarts");

      const { ready } = await crew.stage.endpoints("presses");
      await crew.scale("deployments", "presses", 0);
      const [, , third] = await site.untilTold("pressed", 3);
      expect(whyLeft(third as Notice)).toEqual(ready.map((pod) => `${pod}: scaledDown`));
    });

    test("tells the Pods of a StatefulSet that is deleted as deleted", async () => {
      await crew.delete("statefulsets", "vanishes");
      const [notice] = await site.untilTold("vanished", 1);
      expect(whyLeft(notice as Notice)).toEqual(["vanishes-0: deleted", "vanishes-1: deleted"]);
    });

    test("tells the members of a lost node when Kubernetes gives them up", async () => {
      const lostMs = Date.now();
      crew.kubelet.lose(crew.frailNode);
      const [notice] = await site.untilTold("node-lost", 1);
      const left = whyLeft(notice as Notice);
      expect(left).toHaveLength(2);
      for (const words of left) expect(words).toMatch(/^loses-frail-.*: nodeLost$/);
      // A node is silent for 40 s before anybody calls it lost; its last heartbeat may be 10 s old.
      expect(Date.parse(notice?.change?.firstChangeAt ?? "") - lostMs).toBeGreaterThan(30_000);
    });

    test("takes percent of the replicas that are wanted, and fires below them, not at them", async () => {
      const [fired] = await site.untilTold("below-share", 1);
      // Of the three that are there, two would be enough.
      expect(fired).toMatchObject({ kind: "fire", counts: { total: 3, ready: 2 } });
      crew.kubelet.release("shares-2");
      await site.untilTold("below-share", 2);
      await crew.untilReady("shares", 5);

      for (const pod of ["shares-0", "shares-1"]) crew.kubelet.holdBack(pod);
      await untilNotReady(crew, 2);
      // Nothing can be waited for but the time.
      await sleep(3000);
      expect(site.told("below-share").map(({ kind }) => kind)).toEqual(["fire", "resolve"]);
      crew.kubelet.holdBack("shares-4");
      await site.untilTold("below-share", 3);
      crew.kubelet.release("shares-4");
      const told = await site.untilTold("below-share", 4);
      expect(told.map(({ kind }) => kind)).toEqual(["fire", "resolve", "fire", "resolve"]);
    });

    test("takes up a namespace when it is labelled, and lets go of it when it is not any more", async () => {
      expect(await rulesStanding(site)).not.toContain("labelled");
      await crew.labelNamespace({ "ringbell-e2e": crew.namespace });
      await site.untilTold("labelled", 1);
      expect(await rulesStanding(site)).toContain("labelled");
      await crew.labelNamespace({ "ringbell-e2e": null });
      const told = await site.untilTold("labelled", 2);
      expect(told.map(({ kind, ring }) => `${kind} ${ring.key}`)).toEqual([
        `fire ${crew.namespace}/empty`,
        `resolve ${crew.namespace}/empty`,
      ]);
      expect(told[1]?.alert?.reason).toContain("removed");
    });
  });

  test("explains how things stand, asked of the cluster or of the process", async () => {
    const { rulesPath, kubeconfig, url } = site;
    const ofCluster = await ringbell(["explain", rulesPath, "--kubeconfig", kubeconfig, "--json"]);
    const ofProcess = await ringbell(["explain", rulesPath, "--url", url, "--json"]);
    expect({ ...ofCluster, out: "" }).toMatchObject({ code: 0, out: "" });
    expect({ ...ofProcess, out: "" }).toMatchObject({ code: 0, out: "" });
    const facts = ({ out }: { readonly out: string }) => {
      const { standings } = JSON.parse(out) as {
        readonly standings: readonly { rule: string; ring: string; phase: string; fact: string }[];
      };
      return standings
        .filter(({ rule }) => rule === "below-share")
        .map(({ ring, phase, fact }) => ({ ring, phase, fact }));
    };
    expect(facts(ofCluster)).toHaveLength(1);
    expect(facts(ofCluster)).toEqual(facts(ofProcess));
  });

  test("sends a test to its destination", async () => {
    const { code, out } = await ringbell([
      "send",
      "hook",
      "--rules",
      site.rulesPath,
      "--rule",
      "scaled-down",
    ]);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("HTTP 200") as string });
    expect(site.told("scaled-down").map(({ kind }) => kind)).toEqual(["change", "test"]);
  });

  test("was recorded, and the replay tells what was told", async () => {
    expect(await recorder.stop(), recorder.log()).toBe(0);
    // With the rules that it was told by, but for the ten minutes: the recording is shorter.
    const shortRules = join(site.folder, "short.yaml");
    writeFileSync(shortRules, reasonsRules(crew.namespace, "http://127.0.0.1:9", "1s"));
    const { code, out, err } = await ringbell(["replay", recording, "--rules", shortRules, "--json"]);
    expect(code, err).toBe(0);
    const { sent } = JSON.parse(out) as { readonly sent: readonly { readonly notice: Notice }[] };
    const replayed = sent.map(({ notice }) => notice);
    for (const rule of [...CHANGE_RULES, "below-share", "labelled"]) {
      const again = replayed.filter((notice) => notice.rule === rule);
      const told = site.told(rule).filter(({ kind }) => kind !== "test");
      expect(again.map(inWords), rule).toEqual(told.map(inWords));
    }
  });

  test("tells after a restart what has left while it was away, and why", async () => {
    expect(await site.stop()).toBe(0);
    await crew.scale("statefulsets", "shrinks", 2);
    await crew.untilReady("shrinks", 2);
    await site.start();
    const told = await site.untilTold("scaled-down", 3);
    expect(inWords(told[2] as Notice)).toBe("generation 2: shrinks-2: scaledDown");
    expect(told[2]?.change).toMatchObject({ whileAway: true, forced: false });
  });

  test("was never refused anything, and never had to begin a watch anew", async () => {
    expect(await site.stop()).toBe(0);
    const troubles = site.logs().filter(({ level }) => level === "warn" || level === "error");
    expect(troubles).toEqual([]);
    expect(site.logs().filter(({ failure, missing }) => (failure ?? missing) !== undefined)).toEqual([]);
  });
});

async function untilNotReady(crew: Crew, count: number): Promise<void> {
  await eventually(`shares has ${count} that are not ready`, async () => {
    const { notReady } = await crew.stage.endpoints("shares");
    return notReady.length === count;
  });
}

async function rulesStanding(site: WatchSite): Promise<readonly string[]> {
  return (await site.standings()).map(({ rule }) => rule);
}
