import { describe, expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { startApiServer } from "../../src/simulator/api-server.ts";
import {
  ADDED,
  said,
  type Stage,
  start,
  startOn,
  untilFailures,
  untilWatches,
  versions,
} from "../support/reflector-stage.ts";
import {
  type Answer,
  bookmark,
  endOfList,
  hang,
  json,
  line,
  list,
  refuse,
  ScriptedApi,
  sliceJson,
  status,
  stream,
  streamAndBreak,
  streamAndEnd,
  until,
} from "../support/scripted-api.ts";
import { turns } from "../support/turns.ts";

const B = line("ADDED", sliceJson("b", "6", "10.0.0.2"));

describe("a list that is streamed", () => {
  test("is handed over as one when it is complete, and goes on as the watch", async () => {
    const stage = await start((api) => api.onStream(stream(ADDED, B)));
    await until(() => stage.reflector.status().lastByteAtMs !== undefined);
    await turns();
    expect(stage.reflector.status()).toMatchObject({ watching: false, resourceVersion: undefined });
    const call = stage.api.streams[0];
    call?.response.write(endOfList("9"));
    await until(() => stage.reflector.status().watching);
    call?.response.write(line("DELETED", sliceJson("a", "10")) + bookmark("12"));
    await until(() => stage.reflector.status().resourceVersion === "12");
    expect(stage.told).toEqual(["listed a b", ".", "deleted data/a", "."]);
    expect(Object.fromEntries(call?.query ?? [])).toEqual({
      labelSelector: "kubernetes.io/service-name=web",
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: "0",
      timeoutSeconds: "300",
      sendInitialEvents: "true",
      resourceVersionMatch: "NotOlderThan",
    });
    expect([stage.api.lists, stage.api.watches]).toEqual([[], []]);
    expect(stage.reflector.status()).toMatchObject({
      synced: true,
      relists: 0,
      failures: 0,
      lastListAtMs: 1_000_000,
    });
    expect(stage.log).toEqual([]);
  });

  test("is what its events add up to, and may be empty", async () => {
    const changes = [
      ADDED,
      line("MODIFIED", sliceJson("a", "7", "10.0.0.9")),
      B,
      line("DELETED", sliceJson("b", "8", "10.0.0.2")),
    ];
    const stage = await start((api) => api.onStream(stream(...changes, endOfList("8"))));
    await until(() => stage.told.length > 0);
    expect(stage.told).toEqual(["listed a", "."]);
    const [event] = stage.events;
    expect(event?.kind === "listed" && event.slices[0]?.endpoints[0]?.address).toBe("10.0.0.9");
    const empty = await start((api) => api.onStream(stream(endOfList("8"))));
    await until(() => empty.told.length > 0);
    expect(empty.told).toEqual(["listed", "."]);
  });

  test("resumes as a plain watch from its last version", async () => {
    const stage = await start((api) => api.onStream(streamAndEnd(ADDED, endOfList("8"), bookmark("9"))));
    await until(() => stage.clock.nextTimerMs() === 1_001_000);
    stage.pass(1000);
    await untilWatches(stage, 1);
    expect([versions(stage.api.watches), stage.api.lists, said(stage)]).toEqual([["9"], [], []]);
  });

  test("is asked for again, without a version, when the version is gone", async () => {
    const gone = stream(endOfList("8"), line("ERROR", status(410, "Expired")));
    const stage = await start((api) => api.onStream(gone, stream(ADDED, endOfList("20"))));
    await until(() => stage.told.length === 4);
    expect(stage.told).toEqual(["listed", ".", "listed a", "."]);
    expect(versions(stage.api.streams)).toEqual(["0", null]);
    expect(stage.reflector.status()).toMatchObject({ relists: 1, failures: 0 });
  });

  test("that our own code fails to take in is asked for again", async () => {
    let thrown = 0;
    const stage = await start(
      (api) => api.onStream(stream(ADDED, endOfList("8"), B), stream(ADDED, endOfList("8"))),
      {
        onEvent() {
          if (thrown++ === 0) throw new Error("broken rule");
        },
      },
    );
    await untilFailures(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ synced: false, failureCounts: { handler: 1 } });
    stage.pass(800);
    await until(() => stage.reflector.status().synced);
    expect([stage.told, stage.api.lists]).toEqual([["listed a", "."], []]);
  });

  test("is not asked for when that is switched off", async () => {
    const stage = await start(() => undefined, { streamLists: false });
    await untilWatches(stage, 1);
    expect([stage.api.streams, stage.api.lists.length]).toEqual([[], 1]);
  });
});

describe("pages take its place at once, and silently", () => {
  const overloaded = refuse(429, "TooManyRequests", { "retry-after": "7" });
  test.each<[string, Answer]>([
    ["400", refuse(400, "BadRequest")],
    ["422", refuse(422, "Invalid")],
    ["403", refuse(403, "Forbidden")],
    ["401", refuse(401, "Unauthorized")],
    ["410", refuse(410, "Expired")],
    ["429", overloaded],
    ["500", refuse(500, "InternalError")],
    ["a list, as if it were not a watch", json(200, { items: [] })],
    ["an ERROR event", stream(ADDED, line("ERROR", status(500, "InternalError")))],
    ["the end before it is complete", streamAndEnd(ADDED)],
    ["the end at once", streamAndEnd()],
    ["a broken connection", streamAndBreak("reset", ADDED)],
    ["a damaged line", stream(ADDED, "not JSON\n")],
    ["a damaged object", stream(line("ADDED", { metadata: { resourceVersion: "6" } }))],
    ["a plain watch with a bookmark", stream(ADDED, bookmark("9"), endOfList("10"))],
  ])("%s", async (_name, answer) => {
    const stage = await start((api) => api.onStream(answer).onList(list([sliceJson("c", "1")], "3")));
    await untilWatches(stage, 1);
    expect(stage.told).toEqual(["listed c", "."]);
    expect(stage.clock.now()).toBe(1_000_000);
    expect(versions(stage.api.lists)).toEqual(["0"]);
    expect(stage.reflector.status()).toMatchObject({ failures: 0, failureCounts: {}, relists: 0 });
    expect(said(stage)).toEqual([]);
    await until(() => stage.api.streams[0]?.closed === true);
  });

  test.each<[string, Answer, number]>([
    ["no answer", hang, 10_000],
    ["some events and then nothing, as of servers that know no streamed lists", stream(ADDED), 10_000],
    ["no event at all", stream(), 10_000],
  ])("%s: after 10 s", async (_name, answer, afterMs) => {
    const stage = await start((api) => api.onStream(answer));
    await until(() => stage.api.streams.length === 1 && stage.clock.nextTimerMs() === 1_000_000 + afterMs);
    await until(() => answer === hang || stage.reflector.status().lastByteAtMs !== undefined);
    stage.pass(afterMs - 1);
    expect(stage.api.lists).toHaveLength(0);
    stage.pass(1);
    await untilWatches(stage, 1);
    expect([stage.told, said(stage)]).toEqual([["listed", "."], []]);
    expect(stage.reflector.status()).toMatchObject({ failures: 0, failureCounts: {} });
  });

  test("events without end: after 30 s", async () => {
    const stage = await start((api) => api.onStream(stream(ADDED)));
    await until(() => stage.reflector.status().lastByteAtMs !== undefined);
    for (let second = 0; second < 29; second++) {
      stage.pass(1000);
      stage.api.streams[0]?.response.write(line("MODIFIED", sliceJson("a", String(second + 10))));
      await until(() => stage.reflector.status().lastByteAtMs === stage.clock.now());
    }
    expect(stage.api.lists).toHaveLength(0);
    stage.pass(1000);
    await untilWatches(stage, 1);
    expect(stage.told).toEqual(["listed", "."]);
  });

  test("sooner where blindness comes sooner", async () => {
    const stage = await start((api) => api.onStream(hang), { blindAfterMs: 10_000 });
    await until(() => stage.api.streams.length === 1);
    stage.pass(2499);
    expect(stage.api.lists).toHaveLength(0);
    stage.pass(1);
    await untilWatches(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ synced: true, failures: 0, blindSinceMs: undefined });
  });

  test("for an hour", async () => {
    const expire = stream(line("ERROR", status(410, "Expired")));
    const stage = await start((api) =>
      api.onWatch(expire, stream(bookmark("5"))).onStream(refuse(422, "Invalid")),
    );
    await untilWatches(stage, 2);
    expect([stage.api.streams.length, stage.api.lists.length]).toEqual([1, 2]);
    stage.reflector.relist();
    await until(() => stage.api.lists.length === 3 || stage.clock.nextTimerMs() === 1_001_000);
    stage.pass(1000);
    await untilWatches(stage, 3);
    await until(() => stage.reflector.status().watching);
    expect(stage.api.streams).toHaveLength(1);
    for (let minute = 0; minute < 60; minute++) {
      stage.pass(30_000);
      stage.api.watches.at(-1)?.response.write(bookmark("6"));
      await until(() => stage.reflector.status().lastByteAtMs === stage.clock.now());
      stage.pass(30_000);
      stage.api.watches.at(-1)?.response.write(bookmark("6"));
      await until(() => stage.reflector.status().lastByteAtMs === stage.clock.now());
    }
    stage.reflector.relist();
    await until(() => stage.api.streams.length === 2);
  });

  test("and trouble that is not about streaming counts with them", async () => {
    const first = await ScriptedApi.start();
    const { url } = first;
    await first.stop();
    const stage = startOn(first, url);
    await untilFailures(stage, 1);
    expect(stage.reflector.status().lastFailure).toMatch(/^Cannot list .*ECONNREFUSED/);
    expect(said(stage)).toEqual(["Watch failing"]);
  });
});

test("a plain watch is never taken for a list, whatever its bookmarks say", async () => {
  const stage = await start((api) => api.onWatch(stream(ADDED, endOfList("9"))));
  await until(() => stage.reflector.status().resourceVersion === "9");
  expect(stage.told).toEqual(["listed", ".", "changed a", "."]);
});

describe("the simulated API server", () => {
  test.each([
    ["served", 0],
    ["invalid", 1],
    ["badRequest", 1],
    ["ignored", 1],
  ] as const)("%s: the ring is complete, with %i paged lists", async (watchList, lists) => {
    const clock = new VirtualClock(1_000_000);
    const server = await startApiServer({ clock, watchList });
    onTestFinished(() => server.close());
    const put = (name: string): unknown =>
      server.store.put({
        kind: "EndpointSlice",
        apiVersion: "discovery.k8s.io/v1",
        ...(sliceJson(name, "1", "10.0.0.1") as { metadata: { name: string; namespace: string } }),
      });
    put("a");
    put("b");
    const stage: Stage = startOn(await unused(), server.url, { clock });
    await until(() => stage.reflector.status().watching || server.openWatches().length === 1);
    await until(() => stage.reflector.status().lastByteAtMs !== undefined);
    if (watchList === "ignored") clock.advanceTo(1_010_000);
    await until(() => stage.reflector.status().watching);
    put("c");
    await until(() => stage.told.includes("changed c"));
    expect(stage.told).toEqual(["listed a b", ".", "changed c", "."]);
    expect(server.requests.filter(({ query }) => !query.has("watch"))).toHaveLength(lists);
  });
});

async function unused(): Promise<ScriptedApi> {
  const api = await ScriptedApi.start();
  onTestFinished(() => api.stop());
  return api;
}
