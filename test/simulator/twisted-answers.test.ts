import { request as httpRequest, Agent } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { ClusterModel } from "../../src/simulator/cluster-model.ts";
import { SLICES, slice } from "./objects.ts";
import { openWatch, type TestWatch } from "./watch-client.ts";

const STREAMED = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

const clock = new VirtualClock(0);
const watches: TestWatch[] = [];
let server: ApiServer;

beforeEach(async () => {
  server = await startApiServer({ clock });
  server.store.put(slice("a"));
  server.store.put(slice("b"));
});
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close();
  await server.close();
});

async function watch(query: string): Promise<TestWatch> {
  const opened = await openWatch(`${server.url}${SLICES}?watch=true&${query}`);
  watches.push(opened);
  return opened;
}

const list = (): Promise<Response> => fetch(`${server.url}${SLICES}`);

const seen = async (opened: TestWatch, count: number): Promise<string[]> =>
  (await opened.lines(count)).map((line) => {
    if (line === "END") return line;
    const { type, object } = JSON.parse(line) as { type: string; object: { metadata: Metadata } };
    const { name = "", resourceVersion, annotations } = object.metadata;
    return [type, name, resourceVersion, annotations ? "end" : ""].filter((word) => word !== "").join(" ");
  });

interface Metadata {
  readonly name?: string;
  readonly resourceVersion: string;
  readonly annotations?: object;
}

describe("which requests a plan is for", () => {
  test("lists that come as a stream are lists, and have plans of their own that come first", async () => {
    server.faults.nextLists(1, { status: 500 });
    server.faults.nextWatchLists(1, { status: 503 });
    expect((await watch(STREAMED)).response.status).toBe(503);
    expect((await watch(STREAMED)).response.status).toBe(500);
    expect((await watch(STREAMED)).response.status).toBe(200);
  });

  test("plans for watches are for those that begin without the objects, and lists are left alone", async () => {
    server.faults.nextWatches(1, { status: 500 });
    expect((await watch(STREAMED)).response.status).toBe(200);
    expect((await list()).status).toBe(200);
    expect((await watch("resourceVersion=3")).response.status).toBe(500);
  });
});

describe("the bytes of one answer", () => {
  test("are compressed, though nobody asked", async () => {
    server.faults.nextLists(1, { shape: { gzip: true } });
    const answer = await list();
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(await answer.json()).toHaveProperty("items.length", 2);
    expect((await list()).headers.get("content-encoding")).toBeNull();
  });

  test("of a watch are compressed line by line", async () => {
    server.faults.nextWatches(1, { shape: { gzip: true } });
    const opened = await watch("resourceVersion=2");
    expect(opened.response.headers.get("content-encoding")).toBe("gzip");
    expect(await seen(opened, 1)).toEqual(["ADDED b 3"]);
    server.store.put(slice("c"));
    expect(await seen(opened, 1)).toEqual(["ADDED c 4"]);
    server.faults.endWatches();
    expect(await opened.line()).toBeUndefined();
  });

  test("drip, while those of other answers do not", async () => {
    server.faults.nextWatches(1, { shape: { chunkBytes: [100], everyMs: 1000 } });
    const slow = await watch("resourceVersion=2");
    const fast = await watch("resourceVersion=2");
    expect(await seen(fast, 1)).toEqual(["ADDED b 3"]);
    const [first] = server.openWatches();
    expect(first?.sentLines).toBe(0);
    const line = seen(slow, 1);
    const hasSent = (): boolean => (first?.sentLines ?? 0) > 0;
    while (!hasSent()) clock.advanceTo(clock.nextTimerMs() ?? Infinity);
    expect(await line).toEqual(["ADDED b 3"]);
  });
});

describe("a server that is behind or repeats itself", () => {
  test("lists a state long past", async () => {
    server.store.delete("endpointslices", "lab", "a");
    server.faults.nextLists(1, { asOf: 3 });
    expect(await (await list()).json()).toMatchObject({
      metadata: { resourceVersion: "3" },
      items: [{ metadata: { name: "a" } }, { metadata: { name: "b" } }],
    });
    expect(await (await list()).json()).toMatchObject({ metadata: { resourceVersion: "4" } });
  });

  test("streams a list of a state long past, and what has happened since", async () => {
    server.store.delete("endpointslices", "lab", "a");
    server.faults.nextLists(1, { asOf: 3 });
    expect(await seen(await watch(STREAMED), 4)).toEqual([
      "ADDED a 2",
      "ADDED b 3",
      "BOOKMARK 3 end",
      "DELETED a 4",
    ]);
  });

  test("begins a watch with what the client knows", async () => {
    server.faults.nextWatches(1, { asOf: 1 });
    const opened = await watch("resourceVersion=3");
    server.store.put(slice("c"));
    expect(await seen(opened, 3)).toEqual(["ADDED a 2", "ADDED b 3", "ADDED c 4"]);
  });

  test("says events again, and bookmarks of any version", async () => {
    const opened = await watch("resourceVersion=3");
    server.store.put(slice("c"));
    server.faults.repeatEvents(2);
    server.faults.sendBookmark(undefined, 1);
    expect(await seen(opened, 4)).toEqual(["ADDED c 4", "ADDED b 3", "ADDED c 4", "BOOKMARK 1"]);
  });
});

describe("a list that comes as a stream", () => {
  test("breaks off after some objects: a clean end", async () => {
    server.faults.nextWatchLists(1, { initialEvents: 1, then: "end" });
    expect(await seen(await watch(STREAMED), 2)).toEqual(["ADDED a 2", "END"]);
  });

  test("breaks off after some objects: a reset", async () => {
    server.faults.nextWatchLists(1, { initialEvents: 1, then: "reset" });
    const opened = await watch(STREAMED);
    expect(await seen(opened, 1)).toEqual(["ADDED a 2"]);
    await expect(opened.line()).rejects.toThrow("terminated");
  });

  test("breaks off after all objects: silence, also about what happens later", async () => {
    server.faults.nextWatchLists(1, { initialEvents: Infinity, then: "silence" });
    const opened = await watch(STREAMED);
    expect(await seen(opened, 2)).toEqual(["ADDED a 2", "ADDED b 3"]);
    server.store.put(slice("c"));
    expect(server.openWatches()).toMatchObject([{ frozen: true, sentLines: 2 }]);
  });

  test("is not marked as complete by a server that does not know such lists", async () => {
    await server.close();
    server = await startApiServer({ clock, watchList: "ignored" });
    server.store.put(slice("a"));
    const opened = await watch(`${STREAMED}&resourceVersion=0`);
    server.store.put(slice("b"));
    expect(await seen(opened, 2)).toEqual(["ADDED a 2", "ADDED b 3"]);
  });
});

describe("connections", () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  afterEach(() => agent.destroy());

  /** The status of a list over the one connection, or what broke it. */
  const listOnce = (): Promise<{ status: number | string; connection: string | undefined }> =>
    new Promise((resolve) => {
      httpRequest(`${server.url}${SLICES}`, { agent }, (response) => {
        const { statusCode = 0, headers } = response;
        response.resume().on("end", () => resolve({ status: statusCode, connection: headers.connection }));
      })
        .on("error", (error: NodeJS.ErrnoException) =>
          resolve({ status: error.code ?? "", connection: undefined }),
        )
        .end();
    });

  test("are closed after the answer", async () => {
    server.faults.nextLists(1, "closeAfter");
    expect(await listOnce()).toEqual({ status: 200, connection: "close" });
    expect(await listOnce()).toEqual({ status: 200, connection: "keep-alive" });
  });

  test("are closed under a request when they had one before, and not when they are new", async () => {
    server.faults.nextLists(1, "closeReused");
    expect((await listOnce()).status).toBe(200);
    // The agent frees a connection in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect((await listOnce()).status).toBe("ECONNRESET");
    expect((await listOnce()).status).toBe(200);
  });

  test("are counted, and so are requests that wait for their answer", async () => {
    expect([server.connections, server.held]).toEqual([0, 0]);
    server.faults.nextWatches(1, "noHeaders");
    server.faults.nextWatches(1, { delayMs: 1000 });
    const never = openWatch(`${server.url}${SLICES}?watch=true`);
    never.catch(() => undefined);
    const late = openWatch(`${server.url}${SLICES}?watch=true`);
    await server.until(() => server.held === 2);
    expect(server.connections).toBe(2);
    clock.advanceTo(clock.now() + 1000);
    expect(server.held).toBe(1);
    watches.push(await late);
  });
});

test("a clock that is wrong shows in the Date of answers", async () => {
  server.faults.skewClock(-3_600_000);
  const date = (await list()).headers.get("date") ?? "";
  expect(Date.parse(date)).toBe(Math.floor(clock.now() / 1000) * 1000 - 3_600_000);
  server.faults.clear();
  expect(Date.parse((await list()).headers.get("date") ?? "")).toBe(Math.floor(clock.now() / 1000) * 1000);
});

test("a watch that ends takes nothing more, though its client has not gone yet", async () => {
  const opened = await watch("resourceVersion=3");
  server.faults.endWatches();
  server.store.put(slice("c"));
  expect(await opened.line()).toBeUndefined();
});

test("a Service's objects are deleted one by one, when the garbage collector takes its time", () => {
  const model = new ClusterModel({ namespace: "data", service: "web", sliceCapacity: 2 });
  model.begin(0, 5);
  const steps = model.deleteService(0, 400);
  expect(steps.map(({ afterMs }) => afterMs)).toEqual([0, 400, 800, 1200]);
  expect(steps.every(({ changes }) => changes.length === 1 && changes[0] && "remove" in changes[0])).toBe(
    true,
  );
});
