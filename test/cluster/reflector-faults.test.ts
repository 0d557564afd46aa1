import { describe, expect, test, onTestFinished } from "vitest";
import {
  ADDED,
  said,
  start,
  startOn,
  untilFailures,
  untilWatches,
  versions,
} from "../support/reflector-stage.ts";
import {
  type Answer,
  bookmark,
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

describe("a watch that ends or breaks is resumed from the last version", () => {
  test("the server ends it at its time: without a failure, but not within a second of its start", async () => {
    const stage = await start((api) => api.onWatch(streamAndEnd(ADDED, bookmark("9"))));
    await until(() => stage.clock.nextTimerMs() === 1_001_000 && !stage.reflector.status().watching);
    expect(stage.reflector.status()).toMatchObject({ failures: 0, resourceVersion: "9" });
    stage.pass(1000);
    await untilWatches(stage, 2);
    expect(versions(stage.api.watches)).toEqual(["1", "9"]);
    expect(said(stage)).toEqual([]);
  });

  test.each([
    ["reset", streamAndBreak("reset", ADDED)],
    ["abrupt end", streamAndBreak("close", ADDED)],
  ])("%s", async (_name, answer) => {
    const stage = await start((api) => api.onWatch(answer));
    await untilFailures(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ watching: false, failureCounts: { network: 1 } });
    expect(stage.reflector.status().lastFailure).toMatch(
      /^Cannot watch endpointslices of Service web in namespace data: /,
    );
    stage.pass(1000);
    await untilWatches(stage, 2);
    expect(versions(stage.api.watches)).toEqual(["1", "5"]);
    expect(stage.api.lists).toHaveLength(1);
  });

  test("a last line that was cut off counts for nothing", async () => {
    const stage = await start((api) =>
      api.onWatch(streamAndEnd(ADDED, line("DELETED", sliceJson("a", "6")).slice(0, 40))),
    );
    await until(() => stage.told.includes("changed a") && !stage.reflector.status().watching);
    stage.pass(1000);
    await untilWatches(stage, 2);
    expect(versions(stage.api.watches)).toEqual(["1", "5"]);
    expect(stage.reflector.status()).toMatchObject({ undecodable: 0, relists: 0 });
  });

  test("a server that closes at once is asked ever more slowly, and after five times for a list", async () => {
    const stage = await start((api) => api.onWatch(...Array<Answer>(5).fill(streamAndEnd())));
    const waits: number[] = [];
    for (let failures = 1; failures <= 5; failures++) {
      await untilFailures(stage, failures);
      waits.push((stage.clock.nextTimerMs() ?? 0) - stage.clock.now());
      expect(stage.api.lists).toHaveLength(1);
      stage.clock.advanceTo(stage.clock.nextTimerMs() ?? 0);
    }
    expect(waits).toEqual([1000, 1600, 3200, 6400, 12_800]);
    await untilWatches(stage, 6);
    expect(stage.reflector.status()).toMatchObject({ relists: 1, failureCounts: { short: 5 } });
    expect(said(stage)).toEqual(["Watch failing"]);
  });

  test("no answer at all: given up after 30 s", async () => {
    const stage = await start((api) => api.onWatch(hang));
    await untilWatches(stage, 1);
    stage.pass(29_999);
    expect(stage.reflector.status().failures).toBe(0);
    stage.pass(1);
    await untilFailures(stage, 1);
    expect(stage.reflector.status().lastFailure).toContain("no answer within 30 s");
    await until(() => stage.api.watches[0]?.closed === true);
  });

  test.each([
    [500, {}, 1000],
    [429, { "retry-after": "7" }, 7000],
    [503, { "retry-after": "7" }, 7000],
  ])("%i with %j: asked again after %i ms", async (code, headers, waitMs) => {
    const stage = await start((api) => api.onWatch(refuse(code, "Trouble", headers)));
    await untilFailures(stage, 1);
    expect(stage.clock.nextTimerMs()).toBe(stage.clock.now() + waitMs);
    stage.pass(waitMs);
    await untilWatches(stage, 2);
    expect(versions(stage.api.watches)).toEqual(["1", "1"]);
  });

  test.each([
    [500, 1000],
    [429, 3000],
  ])("an ERROR event %i ends the watch though it stays open", async (code, waitMs) => {
    const error = { ...status(code, "Trouble"), details: { retryAfterSeconds: code === 429 ? 3 : 0 } };
    const stage = await start((api) =>
      api.onWatch(stream(ADDED + line("ERROR", error) + line("DELETED", sliceJson("a", "6")))),
    );
    await untilFailures(stage, 1);
    expect(stage.told).not.toContain("deleted data/a");
    expect(stage.clock.nextTimerMs()).toBe(stage.clock.now() + waitMs);
    await until(() => stage.api.watches[0]?.closed === true);
    stage.pass(waitMs);
    await untilWatches(stage, 2);
    expect(versions(stage.api.watches)).toEqual(["1", "5"]);
  });

  test("says once that it fails and once that it works again", async () => {
    const stage = await start((api) =>
      api.onWatch(refuse(500, "Trouble"), refuse(500, "Trouble"), stream(bookmark("8"))),
    );
    await untilFailures(stage, 1);
    stage.pass(1000);
    await untilFailures(stage, 2);
    stage.pass(1600);
    await untilFailures(stage, 0);
    expect(said(stage)).toEqual(["Watch failing", "Watch recovered"]);
    expect(stage.reflector.status().lastFailure).toBeUndefined();
  });
});

describe("a version that is gone is listed anew, at once and without a version", () => {
  test.each([
    ["as an ERROR event, then the end", streamAndEnd(line("ERROR", status(410, "Expired")))],
    ["as an ERROR event in a watch that stays open", stream(line("ERROR", status(410, "Expired")))],
    [
      "as an ERROR event before another event",
      stream(line("ERROR", status(410, "Expired")) + bookmark("99")),
    ],
    ["as HTTP 410", refuse(410, "Expired")],
  ])("%s", async (_name, answer) => {
    const stage = await start((api) =>
      api.onList(list([], "3"), list([sliceJson("b", "8")], "9")).onWatch(answer),
    );
    await untilWatches(stage, 2);
    expect(stage.told).toEqual(["listed", ".", "listed b", "."].toSpliced(2, 0, ...stage.told.slice(2, -2)));
    expect(versions(stage.api.lists)).toEqual(["0", null]);
    expect(versions(stage.api.watches)).toEqual(["3", "9"]);
    expect(stage.reflector.status()).toMatchObject({ relists: 1, failures: 0 });
  });

  test("again and again: with waits", async () => {
    const stage = await start((api) => api.onWatch(refuse(410, "Expired"), refuse(410, "Expired")));
    await until(() => stage.reflector.status().failureCounts.gone === 2);
    expect(stage.api.lists).toHaveLength(2);
    expect(stage.clock.nextTimerMs()).toBe(stage.clock.now() + 1600);
  });

  test("a version from the future that a list is refused with", async () => {
    const tooLarge = {
      ...status(504, "Timeout"),
      details: { causes: [{ reason: "ResourceVersionTooLarge" }] },
    };
    const stage = await start((api) =>
      api
        .onList(list([], "3"), json(504, tooLarge, { "retry-after": "1" }), list([], "4"))
        .onWatch(stream("not JSON\n")),
    );
    await untilFailures(stage, 1);
    stage.pass(800);
    await untilFailures(stage, 2);
    stage.pass(1600);
    await untilWatches(stage, 2);
    expect(versions(stage.api.lists)).toEqual(["0", "3", null]);
  });

  test("a server that knows nothing of our version but stays silent", async () => {
    const stage = await start((api) =>
      api.onWatch((call) => {
        stream()(call);
        void until(() => stage.clock.now() >= 1_300_000).then(() => call.response.end());
      }),
    );
    await until(() => stage.reflector.status().watching);
    stage.pass(300_000);
    await until(() => stage.api.lists.length === 2);
    expect(versions(stage.api.lists)).toEqual(["0", "1"]);
  });
});

describe("what was lost is found by a list", () => {
  test("a line that is damaged", async () => {
    const stage = await start((api) =>
      api
        .onList(list([sliceJson("a", "1")], "3"), list([], "8"))
        .onWatch(
          stream(
            ADDED +
              line("DELETED", sliceJson("a", "6")).replace("{", "") +
              line("ADDED", sliceJson("b", "7")),
          ),
        ),
    );
    await untilFailures(stage, 1);
    expect(stage.told.slice(2)).toEqual(["changed a", "."]);
    stage.pass(800);
    await untilWatches(stage, 2);
    expect(stage.told.slice(4)).toEqual(["listed", "."]);
    expect(versions(stage.api.lists)).toEqual(["0", "5"]);
    expect(stage.reflector.status()).toMatchObject({
      undecodable: 1,
      relists: 1,
      failureCounts: { undecodable: 1 },
    });
  });

  test("a line without end", async () => {
    const piece = Buffer.alloc(1024 * 1024, "x");
    const stage = await start((api) => api.onWatch(stream(ADDED, ...Array<Buffer>(17).fill(piece))));
    await untilFailures(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ failureCounts: { undecodable: 1 } });
    expect(stage.reflector.status().lastFailure).toContain("a line has more than 16777216 bytes");
    stage.pass(800);
    await until(() => stage.api.lists.length === 2);
    expect(versions(stage.api.lists)).toEqual(["0", "5"]);
  });

  test("an object that is damaged", async () => {
    const stage = await start((api) =>
      api.onWatch(stream(line("MODIFIED", { metadata: { resourceVersion: "6" } }))),
    );
    await untilFailures(stage, 1);
    stage.pass(800);
    await until(() => stage.api.lists.length === 2);
    expect(versions(stage.api.lists)).toEqual(["0", "1"]);
  });

  test("an event that our own code failed to take in", async () => {
    let thrown = 0;
    const stage = await start((api) => api.onWatch(stream(ADDED + bookmark("9"))), {
      onEvent(event) {
        if (event.kind === "changed" && thrown++ === 0) throw new Error("broken rule");
      },
    });
    await untilFailures(stage, 1);
    const entry = stage.log.find(({ level }) => level === "error");
    expect(entry).toMatchObject({
      text: "Cannot take in a watch event",
      err: new Error("broken rule"),
    });
    stage.pass(800);
    await untilWatches(stage, 2);
    expect(versions(stage.api.lists)).toEqual(["0", "1"]);
    expect(stage.reflector.status()).toMatchObject({ synced: true, failures: 0, lastFailure: undefined });
  });

  test("the end of a batch, or a list, that our own code failed to take in", async () => {
    let batches = 0;
    const stage = await start(() => undefined, {
      onBatchEnd() {
        if (batches++ === 0) throw new Error("broken store");
      },
    });
    await untilFailures(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ synced: false, failureCounts: { handler: 1 } });
    stage.pass(800);
    await untilWatches(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ synced: true, failures: 0 });
  });
});

describe("lists that fail are tried again", () => {
  test.each([
    ["HTTP 500", refuse(500, "Trouble")],
    ["no JSON", json(200, "<html>")],
    ["items that are none", json(200, { metadata: { resourceVersion: "1" }, items: {} })],
    ["no version", json(200, { items: [] })],
    ["a broken connection", streamAndBreak("close", '{"items":')],
  ])("%s", async (_name, answer) => {
    const stage = await start((api) => api.onList(answer));
    await untilFailures(stage, 1);
    expect(stage.reflector.status()).toMatchObject({ synced: false, watching: false });
    expect(stage.reflector.status().lastFailure).toMatch(
      /^Cannot list endpointslices of Service web in namespace data: /,
    );
    stage.pass(800);
    await untilWatches(stage, 1);
    expect(stage.told).toEqual(["listed", "."]);
  });

  test("a list that hangs ends at its deadline", async () => {
    const stage = await start((api) => api.onList(hang));
    await until(() => stage.api.lists.length === 1);
    stage.pass(30_000);
    await untilFailures(stage, 1);
    expect(stage.reflector.status().failureCounts).toEqual({ deadline: 1 });
    stage.pass(800);
    await until(() => stage.reflector.status().synced);
  });

  test("an API server that is not there yet", async () => {
    const first = await ScriptedApi.start();
    const { port, url } = first;
    await first.stop();
    const stage = startOn(first, url);
    await untilFailures(stage, 1);
    expect(stage.reflector.status().lastFailure).toContain("ECONNREFUSED");
    const api = await ScriptedApi.start(port);
    onTestFinished(() => api.stop());
    stage.pass(800);
    await until(() => stage.reflector.status().synced);
  });
});
