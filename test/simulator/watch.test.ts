import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { ENDPOINTS, SLICES, slice } from "./objects.ts";
import { fixture, openWatch, recording, type TestWatch, type WatchEvent } from "./watch-client.ts";

const clock = new VirtualClock(1_000_000);
const watches: TestWatch[] = [];
let server: ApiServer;

beforeEach(async () => {
  server = await startApiServer({ clock });
});
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close();
  await server.close();
});

async function watch(query: string, path = SLICES): Promise<TestWatch> {
  const opened = await openWatch(`${server.url}${path}?watch=true&${query}`);
  watches.push(opened);
  return opened;
}

const seen = async (opened: TestWatch, count: number): Promise<string[]> =>
  (await opened.lines(count)).map((line) => {
    const { type, object } = JSON.parse(line) as WatchEvent;
    return `${type} ${object.metadata.name ?? ""} ${object.metadata.resourceVersion}`;
  });

describe("the lines", () => {
  test.each([
    "create",
    "rolling-restart",
    "service-deleted",
    "scale-250-80",
    "publish-not-ready",
    "node-lost",
  ])("of %s are those of the recording, byte for byte, when it is appended", async (name) => {
    for (const [source, path] of [
      ["endpointslices", SLICES],
      ["endpoints", ENDPOINTS],
    ] as const) {
      const { events } = recording(`${name}.${source}`);
      const opened = await watch(`resourceVersion=${server.currentResourceVersion()}`, path);
      const changes = events.filter(({ type }) => type !== "BOOKMARK");
      for (const { type, object } of changes) {
        server.store.append({ type: type as "ADDED", object: object });
      }
      expect(await opened.lines(changes.length)).toEqual(changes.map(({ line }) => line));
      await server.close();
      server = await startApiServer({ clock });
    }
  });

  test("of create are those of the recording but for the version when its objects are put", async () => {
    const { events } = recording("create.endpointslices");
    const opened = await watch("resourceVersion=1");
    for (const { object } of events) server.store.put(object);
    const expected = events.map(({ line, object }, index) =>
      line.replace(
        `"resourceVersion":"${object.metadata.resourceVersion}"`,
        `"resourceVersion":"${index + 2}"`,
      ),
    );
    expect(await opened.lines(events.length)).toEqual(expected);
  });

  test("escape what Go escapes", async () => {
    const opened = await watch("resourceVersion=1");
    server.store.put(slice("a", { note: "<&>\u2028\u2029ü" }));
    expect(await opened.line()).toContain(String.raw`"note":"\u003c\u0026\u003e\u2028\u2029ü"`);
  });

  test("come with the recorded headers", async () => {
    const { headers } = recording("gone-watch.endpoints");
    const { response } = await watch("resourceVersion=1", ENDPOINTS);
    for (const name of ["cache-control", "content-type", "transfer-encoding", "warning"]) {
      expect([name, response.headers.get(name)]).toEqual([name, headers[name]]);
    }
  });
});

describe("where a watch begins", () => {
  beforeEach(() => {
    server.store.put(slice("a")); // 2
    server.store.put(slice("b")); // 3
    server.store.advanceTo(9);
  });

  test.each(["", "resourceVersion=0"])("%j: the state, then what comes", async (query) => {
    const opened = await watch(query);
    server.store.put(slice("c"));
    expect(await seen(opened, 3)).toEqual(["ADDED a 2", "ADDED b 3", "ADDED c 10"]);
  });

  test("with bookmarks the state has an end, as recorded", async () => {
    const recorded = recording("watch-rv-none.endpointslices").events.find(({ type }) => type === "BOOKMARK");
    const opened = await watch("allowWatchBookmarks=true");
    const lines = await opened.lines(3);
    expect(lines[2]).toBe(recorded?.line.replace("19766", "9"));
    expect(server.openWatches().map(({ lastVersion }) => lastVersion)).toEqual([9]);
  });

  test("at a version: what was missed, then what comes", async () => {
    server.store.delete("endpointslices", "lab", "a"); // 10
    const opened = await watch("resourceVersion=2&allowWatchBookmarks=true");
    server.store.put(slice("c"));
    expect(await seen(opened, 3)).toEqual(["ADDED b 3", "DELETED a 10", "ADDED c 11"]);
  });

  test("in the future: silence until something newer still", async () => {
    const opened = await watch("resourceVersion=11");
    server.store.put(slice("c"));
    server.store.put(slice("d"));
    server.store.put(slice("e"));
    expect(await seen(opened, 1)).toEqual(["ADDED e 12"]);
  });

  test("at a compacted version: the recorded ERROR with status 200, and the end", async () => {
    server.store.compact();
    const opened = await watch("resourceVersion=8");
    expect(opened.response.status).toBe(200);
    const [recorded] = recording("gone-watch.endpointslices").events;
    expect(await opened.line()).toBe(recorded?.line.replace("20377 (20412)", "8 (9)"));
    expect(await opened.line()).toBeUndefined();
    await server.until(() => server.openWatches().length === 0);
    const oldest = await watch("resourceVersion=9");
    server.store.put(slice("c"));
    expect(await seen(oldest, 1)).toEqual(["ADDED c 10"]);
  });

  test("at no version at all: the recorded refusal", async () => {
    const { response } = await watch("resourceVersion=abc");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual(JSON.parse(fixture("bad-rv-watch.json")));
  });
});

describe("sendInitialEvents", () => {
  const QUERY = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

  test.each([
    ["endpointslices", SLICES],
    ["endpoints", ENDPOINTS],
  ])("streams the recorded state of %s, and its end", async (source, path) => {
    const { events, initialEvents } = recording(`watch-list.${source}`);
    expect(initialEvents).toBe(3);
    server.store.seed(
      events.slice(0, 2).map(({ object }) => object),
      19_606,
    );
    const opened = await watch(QUERY, path);
    for (const { type, object } of events.slice(3)) server.store.append({ type: type as "MODIFIED", object });
    expect(await opened.lines(events.length)).toEqual(events.map(({ line }) => line));
  });

  test("of nothing is one bookmark, as recorded", async () => {
    server.store.put(slice("a"));
    server.store.advanceTo(19_624);
    const opened = await watch(QUERY, "/apis/discovery.k8s.io/v1/namespaces/kube-public/endpointslices");
    expect(await opened.line()).toBe(recording("watch-list-empty.endpointslices").events[0]?.line);
  });

  test("with false begins now", async () => {
    server.store.put(slice("a"));
    const opened = await watch("sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
    server.store.put(slice("b"));
    expect(await seen(opened, 1)).toEqual(["ADDED b 3"]);
  });

  test.each([
    ["invalid", 422],
    ["badRequest", 400],
  ] as const)("is %s at an older server: %i", async (watchList, status) => {
    await server.close();
    server = await startApiServer({ clock, watchList });
    expect((await watch(QUERY)).response.status).toBe(status);
  });

  test("is unknown to a very old server", async () => {
    await server.close();
    server = await startApiServer({ clock, watchList: "ignored" });
    server.store.put(slice("a"));
    const opened = await watch(`${QUERY}&resourceVersion=2`);
    server.store.put(slice("b"));
    expect(await seen(opened, 1)).toEqual(["ADDED b 3"]);
  });

  test("needs its match, and the match needs it", async () => {
    expect((await watch("sendInitialEvents=true")).response.status).toBe(422);
    expect((await watch("resourceVersionMatch=NotOlderThan&resourceVersion=1")).response.status).toBe(422);
  });
});

describe("time", () => {
  const marks = async (opened: TestWatch): Promise<string[]> => {
    const lines: string[] = [];
    for (let line = await opened.line(); line !== undefined; line = await opened.line()) lines.push(line);
    return lines;
  };

  test("bookmarks come each minute and before the end, as recorded", async () => {
    const { events } = recording("timeout-130s.endpointslices");
    const opened = await watch("resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=130");
    const startMs = clock.now();
    const times: (number | undefined)[] = [];
    for (const version of [19_953, 19_996, 19_996]) {
      const next = clock.nextTimerMs() ?? 0;
      times.push(next - startMs);
      server.store.advanceTo(version);
      clock.advanceTo(next);
    }
    clock.advanceTo(startMs + 130_000);
    expect(await marks(opened)).toEqual(events.slice(1).map(({ line }) => line));
    expect(times).toEqual([60_000, 120_000, 128_500]);
  });

  test.each([
    ["5 s are too short for one", "allowWatchBookmarks=true&timeoutSeconds=5", 5],
    ["none are asked for", "timeoutSeconds=130", 130],
  ])("no bookmarks when %s; the end is clean", async (_why, query, seconds) => {
    const opened = await watch(`resourceVersion=1&${query}`);
    clock.advanceTo(clock.now() + seconds * 1_000 - 1);
    expect(server.openWatches()).toHaveLength(1);
    clock.advanceTo(clock.now() + 1);
    expect(await marks(opened)).toEqual([]);
    await server.until(() => server.openWatches().length === 0);
    expect(clock.nextTimerMs()).toBeUndefined();
  });

  test("the end comes without the minute's bookmark when both are due", async () => {
    const opened = await watch("resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=60");
    clock.advanceTo(clock.now() + 60_000);
    expect(await marks(opened)).toHaveLength(1);
  });

  test("Endpoints have bookmarks without the fields of slices", async () => {
    const opened = await watch("resourceVersion=1&allowWatchBookmarks=true", ENDPOINTS);
    clock.advanceTo(clock.now() + 60_000);
    expect(await opened.line()).toBe(
      '{"type":"BOOKMARK","object":{"kind":"Endpoints","apiVersion":"v1","metadata":{"resourceVersion":"1"}}}',
    );
  });

  test("a client that leaves takes its watch and its timers along", async () => {
    const opened = await watch("resourceVersion=1&allowWatchBookmarks=true");
    expect(server.openWatches()).toHaveLength(1);
    opened.close();
    await server.until(() => server.openWatches().length === 0);
    expect(clock.nextTimerMs()).toBeUndefined();
  });
});

describe("who hears what", () => {
  test("namespace, label and field decide, and labels may change", async () => {
    const named = "/apis/discovery.k8s.io/v1/namespaces/lab/endpointslices";
    const byLabel = await watch("resourceVersion=1&labelSelector=kubernetes.io/service-name%20in%20(web)");
    const byField = await watch("resourceVersion=1&fieldSelector=metadata.name%3Db");
    const byNamespace = await watch("resourceVersion=1", named);
    server.store.put(slice("a", { "kubernetes.io/service-name": "web" })); // 2
    server.store.put(slice("b", { "kubernetes.io/service-name": "db" }, "other")); // 3
    server.store.put(slice("a", { "kubernetes.io/service-name": "db" })); // 4
    server.store.put(slice("a", { "kubernetes.io/service-name": "web" })); // 5
    expect(await seen(byLabel, 3)).toEqual(["ADDED a 2", "DELETED a 4", "ADDED a 5"]);
    expect(await seen(byField, 1)).toEqual(["ADDED b 3"]);
    expect(await seen(byNamespace, 3)).toEqual(["ADDED a 2", "MODIFIED a 4", "MODIFIED a 5"]);
  });

  test("10,000 events to one watch, and one event to 300 watches, take less than two seconds", async () => {
    const big = recording("rolling-restart.endpointslices").events[0]?.object;
    if (!big) throw new Error("no object");
    const opened = await watch("resourceVersion=1");
    const startMs = performance.now();
    for (let index = 0; index < 10_000; index += 1) server.store.put(big);
    const lines = await opened.lines(10_000);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(lines.at(-1)).toContain('"resourceVersion":"10001"');
    const many = await Promise.all(
      Array.from({ length: 300 }, () => watch(`resourceVersion=${server.store.version}`)),
    );
    const manyMs = performance.now();
    server.store.put(big);
    expect(new Set(await Promise.all(many.map((one) => one.line()))).size).toBe(1);
    expect(performance.now() - manyMs).toBeLessThan(2_000);
  });
});
