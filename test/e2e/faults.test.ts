import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { FaultSite } from "./fault-site.ts";

const { KUBEBUILDER_ASSETS } = process.env;
/** What comes of every fault, whatever it was: the ring as it is after it, told once. */
const BELOW_THREE = ["fire 1", "resolve 1", "fire 2", "resolve 2"];
const CHANGED = [
  "generation 0 to 1: left cassandra-2, joined cassandra-3",
  "generation 1 to 2: joined cassandra-4",
];
const WAS_BLIND = { "ringbell/blind": ["fire 1", "resolve 1"] };

// These tests end the API server and compact etcd: not on a cluster that somebody else has started.
describe.skipIf(!KUBEBUILDER_ASSETS)("ringbell run against a control plane in trouble", () => {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane(KUBEBUILDER_ASSETS ?? "");
  });
  afterAll(() => plane?.stop());

  describe.concurrent("that goes on", () => {
    test("goes on with a rotated token once the old one is refused", async () => {
      await using site = await FaultSite.open({ plane, blindAfter: "60s" });
      await site.rotateToken();
      site.proxy.silence();
      await site.changeRing();
      site.proxy.resumeWithoutMemory();
      await site.untilTold("below-three", "fire 2");
      await site.finish();

      expect(site.told()).toEqual({ "below-three": BELOW_THREE, changed: CHANGED });
      expect(site.failures(), "the old token was tried, and once only").toEqual(["network", "unauthorized"]);
    });

    test("says which permission is missing, is blind without its Role, and goes on when it is back", async () => {
      await using site = await FaultSite.open({ plane, blindAfter: "10s" });
      await site.withdrawRole();
      // Open watches stay open: who may watch is asked at their start.
      site.proxy.resumeWithoutMemory();
      const line = await site.untilLogged("what is missing", ({ missing }) => missing !== undefined);
      expect(line).toMatchObject({
        level: "error",
        missing: { verb: "watch", resource: "endpoints", namespace: site.namespace },
        hint: expect.stringContaining("ringbell rbac ") as string,
      });
      await site.changeRing();
      await site.untilTold("ringbell/blind", "fire 1");
      expect(site.told(), "blind is not healthy").toEqual({
        "below-three": ["fire 1", "resolve 1"],
        "ringbell/blind": ["fire 1"],
      });
      await site.restoreRole();
      await site.untilTold("below-three", "fire 2");
      await site.finish();

      expect(site.told()).toEqual({ "below-three": BELOW_THREE, changed: CHANGED, ...WAS_BLIND });
    });

    test("says once that it is blind behind a silent proxy, and decides nothing until it hears again", async () => {
      const longForMs = 14_000;
      await using site = await FaultSite.open({
        plane,
        blindAfter: "10s",
        longFor: `${longForMs / 1000}s`,
      });
      await site.stage.setPodReady("cassandra-1", false);
      await site.untilTold("below-three", "fire 2");
      const heldSinceMs = performance.now();
      site.proxy.silence();
      // One alert is firing and one is on hold, and both are over, which nobody can know.
      await site.stage.setPodReady("cassandra-1", true);
      await site.stage.deletePod("cassandra-2");
      await site.stage.createPod("cassandra", "cassandra-3");
      await site.stage.setPodReady("cassandra-3", true);
      await site.untilTold("ringbell/blind", "fire 1");
      // The hold runs out in the dark: nothing can be waited for but the time.
      await sleep(heldSinceMs + longForMs - performance.now());
      const blind = { "below-three": ["fire 1", "resolve 1", "fire 2"], "ringbell/blind": ["fire 1"] };
      expect(site.told()).toEqual(blind);
      site.proxy.resume();
      await site.finish();

      expect(site.told()).toEqual({ "below-three": BELOW_THREE, changed: CHANGED, ...WAS_BLIND });
    });
  });

  test("is blind while an API server that was stopped is away, and goes on with the next one", async () => {
    await using site = await FaultSite.open({ plane, blindAfter: "10s" });
    // It refuses new connections and waits for open watches, which it leaves silent.
    expect(await plane.stopApiServer("SIGTERM")).toBe(0);
    await site.untilTold("ringbell/blind", "fire 1");
    site.proxy.silence();
    await plane.startApiServer();
    await site.changeRing();
    site.proxy.resume();
    await site.untilTold("below-three", "fire 2");
    await site.finish();

    expect(site.told()).toEqual({ "below-three": BELOW_THREE, changed: CHANGED, ...WAS_BLIND });
  });

  test("does not mind an API server that is killed and comes back", async () => {
    await using site = await FaultSite.open({ plane, blindAfter: "60s" });
    expect(await plane.stopApiServer("SIGKILL")).toBe(null);
    await site.untilLogged("a broken watch", ({ failure }) => failure === "network");
    site.proxy.silence();
    await plane.startApiServer();
    await site.changeRing();
    site.proxy.resume();
    await site.untilTold("below-three", "fire 2");
    await site.finish();

    expect(site.told()).toEqual({ "below-three": BELOW_THREE, changed: CHANGED });
  });

  test("lists again when what it would resume from is compacted away", async () => {
    await plane.stopApiServer("SIGKILL");
    // Else the API server would know from memory what etcd has forgotten.
    await plane.startApiServer({ uncached: ["endpoints"] });
    await using site = await FaultSite.open({ plane, blindAfter: "60s" });
    site.proxy.silence();
    await site.changeRing();
    await plane.compact();
    site.proxy.resumeWithoutMemory();
    await site.untilTold("below-three", "fire 2");
    await site.finish();

    expect(site.told()).toEqual({ "below-three": BELOW_THREE, changed: CHANGED });
    expect(site.failures()).toEqual(["network", "gone"]);
    const gone = site.logs().find(({ failure }) => failure === "gone");
    expect(gone?.["reason"]).toContain("The resourceVersion for the provided watch is too old");
  });
});
