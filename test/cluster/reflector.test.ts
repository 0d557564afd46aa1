import { describe, expect, test } from "vitest";
import { planWatches, type Scope } from "../../src/cluster/watch-plan.ts";
import { recordings } from "../support/recordings.ts";
import {
  ADDED,
  said,
  type Stage,
  start,
  untilFailures,
  untilWatches,
  versions,
} from "../support/reflector-stage.ts";
import {
  type Answer,
  hang,
  line,
  list,
  refuse,
  type ScriptedApi,
  sliceJson,
  status,
  stream,
  until,
} from "../support/scripted-api.ts";

describe("list and watch", () => {
  test("lists any state in pages, watches from there with bookmarks, and hands over what comes", async () => {
    const stage = await start((api) =>
      api
        .onList(list([sliceJson("a", "1", "10.0.0.1")], "3"))
        .onWatch(
          stream(ADDED + line("DELETED", sliceJson("a", "6")) + line("MODIFIED", sliceJson("b", "7"))),
        ),
    );
    await until(() => stage.told.length === 6);
    expect(stage.told).toEqual(["listed a", ".", "changed a", "deleted data/a", "changed b", "."]);
    expect(Object.fromEntries(stage.api.lists[0]?.query ?? [])).toEqual({
      labelSelector: "kubernetes.io/service-name=web",
      limit: "500",
      resourceVersion: "0",
    });
    expect(stage.api.watches[0]?.path).toBe("/apis/discovery.k8s.io/v1/namespaces/data/endpointslices");
    expect(Object.fromEntries(stage.api.watches[0]?.query ?? [])).toEqual({
      labelSelector: "kubernetes.io/service-name=web",
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: "3",
      timeoutSeconds: "300",
    });
    expect(stage.reflector.status()).toEqual({
      scopeId: "endpointslices:data/web",
      synced: true,
      watching: true,
      lastByteAtMs: 1_000_000,
      lastListAtMs: 1_000_000,
      blindSinceMs: undefined,
      resourceVersion: "7",
      failures: 0,
      lastFailure: undefined,
      missingPermission: undefined,
      relists: 0,
      undecodable: 0,
      unknownTypes: 0,
      failureCounts: {},
    });
  });

  test("draws the time of a watch from 300 to 600 s", async () => {
    const stage = await start(() => undefined, { random: () => 0.9999999 });
    await untilWatches(stage, 1);
    expect(stage.api.watches[0]?.query.get("timeoutSeconds")).toBe("600");
  });

  test("collects the pages of a list into one, as old as the first of them", async () => {
    const stage = await start((api) =>
      api.onList(list([sliceJson("a", "1")], "3", "next"), list([sliceJson("b", "1")], "4")),
    );
    await untilWatches(stage, 1);
    expect(stage.told).toEqual(["listed a b", "."]);
    expect(Object.fromEntries(stage.api.lists[1]?.query ?? [])).toMatchObject({
      limit: "500",
      continue: "next",
    });
    expect(versions(stage.api.lists)).toEqual(["0", null]);
    expect(versions(stage.api.watches)).toEqual(["3"]);
  });

  test("lists in one piece when a later page has expired", async () => {
    const stage = await start((api) =>
      api.onList(
        list([sliceJson("a", "1")], "3", "next"),
        refuse(410, "Expired"),
        list([sliceJson("c", "1")], "4"),
      ),
    );
    await until(() => stage.told.length > 0);
    expect(stage.told[0]).toBe("listed c");
    expect(stage.api.lists.map(({ query }) => query.get("limit"))).toEqual(["500", "500", null]);
  });

  test("uses equal slices and endpoints again, over a relist too", async () => {
    const a = sliceJson("a", "1", "10.0.0.1", "10.0.0.2");
    const stage = await start((api) =>
      api.onList(list([a], "3"), list([a], "4")).onWatch(stream(line("ERROR", status(410, "Expired")))),
    );
    await until(() => stage.events.length === 2);
    const [first, second] = stage.events.map((event) =>
      event.kind === "listed" ? event.slices[0] : undefined,
    );
    expect(first).toBeDefined();
    expect(second).toBe(first);
  });

  test("hands over a recorded stream whole, however it is cut", async () => {
    const recording = recordings("endpointslices").find(({ name }) => name === "rolling-restart");
    const bytes = recording?.bytes ?? Buffer.alloc(0);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 997) }, (_, n) =>
      bytes.subarray(n * 997, (n + 1) * 997),
    );
    const stage = await start((api) => api.onWatch(stream(...chunks)));
    const expected = recording?.events.filter(({ name }) => name !== undefined) ?? [];
    await until(() => stage.events.length === expected.length + 1);
    expect(stage.reflector.status()).toMatchObject({
      undecodable: 0,
      failures: 0,
      resourceVersion: expected.at(-1)?.rv,
    });
  });

  test("hands over U+2028 within a string, and characters that were cut in two", async () => {
    const slice = { ...sliceJson("a", "5"), endpoints: [{ addresses: ["10.0.0.1"], hostname: "a\u2028🔔" }] };
    const bytes = Buffer.from(JSON.stringify({ type: "ADDED", object: slice }) + "\n");
    const cut = bytes.indexOf("🔔") + 2;
    const stage = await start((api) =>
      api.onWatch((call) => {
        stream(bytes.subarray(0, cut))(call);
        setImmediate(() => call.response.write(bytes.subarray(cut)));
      }),
    );
    await until(() => stage.events.length === 2);
    const event = stage.events[1];
    expect(event?.kind === "changed" && event.slice.endpoints[0]?.hostname).toBe("a\u2028🔔");
  });

  test("watches Endpoints too", async () => {
    const [scope] = planWatches([{ source: "endpoints", namespace: "data", service: "web" }]) as [Scope];
    const object = {
      metadata: { name: "web", namespace: "data", resourceVersion: "5" },
      subsets: [{ addresses: [{ ip: "10.0.0.1" }] }],
    };
    const stage = await start((api) => api.onWatch(stream(line("ADDED", object))), { scope });
    await until(() => stage.told.length === 4);
    expect(stage.told[2]).toBe("changed web");
    expect(stage.api.watches[0]?.query.get("fieldSelector")).toBe("metadata.name=web");
  });
});

describe("what cannot be used is left out and counted", () => {
  test("an event of a type that is not known", async () => {
    const stage = await start((api) => api.onWatch(stream(line("FUTURE", {}) + "\n" + ADDED)));
    await until(() => stage.told.includes("changed a"));
    expect(stage.reflector.status()).toMatchObject({ unknownTypes: 1, undecodable: 0, failures: 0 });
  });

  test("a slice of an unknown address type, in a list and in a watch", async () => {
    const odd = { ...sliceJson("odd", "4"), addressType: "UNIX" };
    const stage = await start((api) =>
      api
        .onList(list([odd, sliceJson("a", "1")], "3"))
        .onWatch(stream(line("ADDED", odd) + line("MODIFIED", odd))),
    );
    await until(() => stage.reflector.status().undecodable === 3);
    expect(stage.told[0]).toBe("listed a");
    expect(stage.reflector.status()).toMatchObject({ failures: 0, resourceVersion: "4" });
    expect(said(stage)).toEqual(["Object left out", "Object left out"]);
  });
});

describe("credentials and permissions", () => {
  test("401: fresh credentials at once", async () => {
    const stage = await start((api) => api.onList(refuse(401, "Unauthorized")));
    await untilWatches(stage, 1);
    expect(stage.api.lists.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test("401 mid-way, again and again: with waits", async () => {
    const stage = await start((api) => api.onWatch(refuse(401, "Unauthorized"), refuse(401, "Unauthorized")));
    await untilFailures(stage, 1);
    stage.pass(1000);
    await untilFailures(stage, 2);
    expect(stage.clock.nextTimerMs()).toBe(stage.clock.now() + 1600);
    expect(stage.api.watches.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test("403: names what is missing, once, and goes on when it is granted", async () => {
    const refusal = refuse(403, "Forbidden");
    const stage = await start((api) => api.onList(refusal, refusal));
    await untilFailures(stage, 1);
    const missing = { verb: "list", resource: "endpointslices.discovery.k8s.io", namespace: "data" };
    expect(stage.reflector.status()).toMatchObject({ synced: false, missingPermission: missing });
    stage.pass(800);
    await untilFailures(stage, 2);
    stage.pass(1600);
    await untilWatches(stage, 1);
    expect(said(stage)).toEqual(["Permission missing for watch", "Watch recovered"]);
    expect(stage.log.find(({ level }) => level === "error")).toMatchObject({
      missing,
      hint: expect.stringContaining("ringbell rbac") as string,
    });
    expect(stage.reflector.status().missingPermission).toBeUndefined();
  });

  test("403 for the watch only: the lists in between do not count as a recovery", async () => {
    const stage = await start((api) => api.onWatch(...Array<Answer>(6).fill(refuse(403, "Forbidden"))));
    for (let failures = 1; failures <= 5; failures++) {
      await untilFailures(stage, failures);
      stage.clock.advanceTo(stage.clock.nextTimerMs() ?? 0);
    }
    await untilFailures(stage, 1);
    expect(stage.reflector.status()).toMatchObject({
      synced: true,
      relists: 1,
      missingPermission: { verb: "watch" },
    });
    expect(said(stage)).toEqual(["Permission missing for watch"]);
  });
});

describe("stopping", () => {
  test.each<[string, (api: ScriptedApi) => unknown, (stage: Stage) => boolean]>([
    ["while it lists", (api) => api.onList(hang), ({ api }) => api.lists.length === 1],
    [
      "while it waits for a watch's answer",
      (api) => api.onWatch(hang),
      ({ api }) => api.watches.length === 1,
    ],
    ["while it watches", () => undefined, ({ reflector }) => reflector.status().watching],
    [
      "while it backs off",
      (api) => api.onList(refuse(500, "x")),
      ({ reflector }) => reflector.status().failures === 1,
    ],
    ["before it has begun", () => undefined, () => true],
  ])("%s leaves no timer, no open request and no further event", async (_name, script, ready) => {
    const stage = await start(script);
    await until(() => ready(stage));
    await stage.reflector.stop();
    const told = stage.told.length;
    expect(stage.clock.nextTimerMs()).toBeUndefined();
    await until(() =>
      [...stage.api.lists, ...stage.api.watches, ...stage.api.streams].every(({ closed }) => closed),
    );
    stage.pass(3_600_000);
    expect(stage.told).toHaveLength(told);
    expect(stage.reflector.status().watching).toBe(false);
    await stage.reflector.stop();
  });
});
