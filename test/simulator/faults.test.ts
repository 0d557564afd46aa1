import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { SLICES, slice } from "./objects.ts";
import { openWatch, type TestWatch } from "./watch-client.ts";

const clock = new VirtualClock(0);
const watches: TestWatch[] = [];
let server: ApiServer;

beforeEach(async () => {
  server = await startApiServer({ clock });
  server.store.put(slice("a"));
});
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close();
  await server.close();
});

async function watch(query = "resourceVersion=2"): Promise<TestWatch> {
  const opened = await openWatch(`${server.url}${SLICES}?watch=true&${query}`);
  watches.push(opened);
  return opened;
}

const list = (): Promise<Response> => fetch(`${server.url}${SLICES}`, { keepalive: false });

/** The code of what broke: `ECONNRESET`, `UND_ERR_SOCKET`. */
async function breakOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "nothing broke";
  } catch (error) {
    const { cause } = error as { cause?: { code?: string; cause?: { code?: string } } };
    return cause?.code ?? String(error);
  }
}

describe("an open watch", () => {
  test("is reset", async () => {
    const opened = await watch();
    server.faults.resetWatches();
    expect(await breakOf(opened.line())).toBe("ECONNRESET");
    await server.until(() => server.openWatches().length === 0);
  });

  test("is reset alone", async () => {
    const [first, second] = [await watch(), await watch()];
    const [id] = server.openWatches().map((one) => one.id);
    server.faults.resetWatches((one) => one.id === id);
    server.store.put(slice("b"));
    expect(await breakOf(first.line())).toBe("ECONNRESET");
    expect((await second.event()).object.metadata.name).toBe("b");
  });

  test("ends cleanly", async () => {
    const opened = await watch();
    server.faults.endWatches();
    expect(await opened.line()).toBeUndefined();
  });

  test("breaks off without an end", async () => {
    const opened = await watch();
    server.faults.abortWatches();
    expect(await breakOf(opened.line())).toBe("UND_ERR_SOCKET");
  });

  test("ends in the middle of a line", async () => {
    const opened = await watch();
    server.faults.endMidLine('{"type":"DELETED"}');
    expect(await opened.line()).toBe('HALF {"type":"');
    expect(await opened.line()).toBeUndefined();
  });

  test("is frozen: events, bookmarks and its own end pass unheard, until it thaws", async () => {
    const opened = await watch("resourceVersion=2&allowWatchBookmarks=true&timeoutSeconds=70");
    server.faults.freezeWatches();
    expect(server.openWatches()).toMatchObject([{ frozen: true }]);
    server.store.put(slice("b"));
    clock.advanceTo(clock.now() + 70_000);
    let heard = false;
    const first = opened.event().finally(() => (heard = true));
    for (let round = 0; round < 5; round += 1) await (await list()).text();
    expect([server.openWatches().length, heard]).toEqual([1, false]);
    server.faults.thawWatches();
    expect((await first).type).toBe("ADDED");
    expect((await opened.event()).type).toBe("BOOKMARK");
    expect((await opened.event()).type).toBe("BOOKMARK");
    expect(await opened.line()).toBeUndefined();
  });

  test.each([
    [410, "Expired"],
    [500, "InternalError"],
  ])("gets an ERROR %i and stays open, or ends", async (code, reason) => {
    const opened = await watch();
    server.faults.sendError(code, { end: false });
    server.store.put(slice("b"));
    server.faults.sendError(code);
    expect(await opened.event()).toMatchObject({ type: "ERROR", object: { kind: "Status", code, reason } });
    expect((await opened.event()).type).toBe("ADDED");
    expect((await opened.event()).type).toBe("ERROR");
    expect(await opened.line()).toBeUndefined();
  });

  test("gets any line, and a bookmark on demand", async () => {
    const opened = await watch();
    server.faults.sendLine('{"type":"ADDED","object":\u2028');
    server.store.advanceTo(77);
    server.faults.sendBookmark();
    expect(await opened.line()).toBe('{"type":"ADDED","object":\u2028');
    expect((await opened.event()).object.metadata.resourceVersion).toBe("77");
  });
});

describe("requests to come", () => {
  test("get statuses and headers, as many as planned, in order", async () => {
    server.faults.nextLists(2, { status: 500 });
    server.faults.nextLists(1, { status: 429, headers: { "Retry-After": "7" }, body: "slow down" });
    server.faults.nextWatches(1, { status: 503, body: { own: true } });
    expect(await (await list()).json()).toMatchObject({ kind: "Status", code: 500, reason: "InternalError" });
    expect((await list()).status).toBe(500);
    const slow = await list();
    expect([slow.status, slow.headers.get("retry-after"), await slow.text()]).toEqual([
      429,
      "7",
      "slow down",
    ]);
    expect((await list()).status).toBe(200);
    expect(await (await watch()).response.json()).toEqual({ own: true });
    expect((await watch()).response.status).toBe(200);
  });

  test("are planned without end until cleared", async () => {
    server.faults.nextLists(Infinity, { status: 503 });
    for (let index = 0; index < 5; index += 1) expect((await list()).status).toBe(503);
    server.faults.clear();
    expect((await list()).status).toBe(200);
  });

  test.each([
    ["reset", "ECONNRESET"],
    ["close", "UND_ERR_SOCKET"],
  ] as const)("%s: %s before any answer", async (fault, code) => {
    server.faults.nextLists(1, fault);
    expect(await breakOf(list())).toBe(code);
  });

  test("truncate: half a list, then the connection ends", async () => {
    server.faults.nextLists(1, "truncate");
    expect(await breakOf((await list()).text())).toBe("UND_ERR_SOCKET");
  });

  test("noHeaders: taken, never answered", async () => {
    server.faults.nextLists(1, "noHeaders");
    const abort = new AbortController();
    const answer = fetch(`${server.url}${SLICES}`, { signal: abort.signal });
    await server.until(() => server.requests.length === 1);
    expect((await list()).status).toBe(200);
    abort.abort();
    await expect(answer).rejects.toThrow("aborted");
  });

  test("hang: the head and half of the body", async () => {
    server.faults.nextLists(1, "hang");
    const response = await list();
    const reader = response.body?.getReader();
    const half = await reader?.read();
    expect(Buffer.from(half?.value ?? "").toString()).toMatch(/^\{"kind":"EndpointSliceList"/);
    await reader?.cancel();
  });

  test("delayMs: late, by the clock", async () => {
    server.faults.nextLists(1, { delayMs: 3_000 });
    const answer = list();
    await server.until(() => server.requests.length === 1);
    expect(clock.nextTimerMs()).toBe(clock.now() + 3_000);
    clock.advanceTo(clock.now() + 3_000);
    expect((await answer).status).toBe(200);
  });

  test("endAtOnce and notJson", async () => {
    server.faults.nextWatches(1, "endAtOnce");
    expect(await (await watch()).line()).toBeUndefined();
    server.faults.nextLists(1, "notJson");
    expect(await (await list()).text()).toMatch(/^<html>/);
  });

  test("one event, then the end: a status 200 with a body", async () => {
    server.faults.nextWatches(1, { status: 200, body: '{"type":"ADDED"}\n' });
    const opened = await watch();
    expect(await opened.lines(2)).toEqual(['{"type":"ADDED"}', "END"]);
  });
});

describe("bytes", () => {
  /** The chunks of a body as HTTP framed them. */
  const chunksOf = (path: string, onChunk: (bytes: Buffer) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      httpRequest(`${server.url}${path}`, (response) => {
        response.on("data", onChunk).on("end", resolve).on("error", reject);
      })
        .on("error", reject)
        .end();
    });

  test("are cut as asked, through the middle of a letter", async () => {
    server.store.put(slice("b", { note: "ü" }));
    server.faults.shapeOutput({ chunkBytes: [1, 2] });
    const chunks: Buffer[] = [];
    await chunksOf(SLICES, (chunk) => chunks.push(chunk));
    expect(chunks.slice(0, 4).map((chunk) => chunk.length)).toEqual([1, 2, 1, 2]);
    const whole = Buffer.concat(chunks).toString();
    expect(whole).toContain('"note":"ü"');
    expect(JSON.parse(whole)).toHaveProperty("items.length", 2);
  });

  test("drip by the clock, and the end comes last", async () => {
    server.faults.shapeOutput({ chunkBytes: [1_000], everyMs: 500 });
    server.store.put(slice("b", { note: "x".repeat(3_000) }));
    const opened = await watch();
    server.faults.endWatches();
    const startMs = clock.now();
    const line = opened.line();
    while (clock.nextTimerMs() !== undefined) clock.advanceTo(clock.nextTimerMs() ?? 0);
    expect(clock.now() - startMs).toBe(1_500);
    expect(await line).toContain("x".repeat(3_000));
    expect(await opened.line()).toBeUndefined();
  });
});

describe("the whole server", () => {
  test("refuses new connections while open watches live on, then listens again", async () => {
    const opened = await watch();
    await server.faults.stopListening();
    expect(await breakOf(fetch(`${server.url}/readyz`))).toBe("ECONNREFUSED");
    server.store.put(slice("b"));
    expect((await opened.event()).type).toBe("ADDED");
    await server.faults.startListening();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test("is killed and comes back", async () => {
    const opened = await watch();
    await server.faults.kill();
    expect(await breakOf(opened.line())).toBe("ECONNRESET");
    expect(await breakOf(list())).toBe("ECONNREFUSED");
    await server.faults.startListening();
    expect((await list()).status).toBe(200);
  });

  test("closes with watches open, and the port is free", async () => {
    const { port } = server;
    await watch();
    await server.close();
    expect(clock.nextTimerMs()).toBeUndefined();
    server = await startApiServer({ clock, port });
    expect(server.port).toBe(port);
  });
});
