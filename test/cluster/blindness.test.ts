import { describe, expect, test } from "vitest";
import type { ReflectorOptions } from "../../src/cluster/reflector.ts";
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
  bookmark,
  endOfList,
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
import { turns } from "../support/turns.ts";

/** A stage that also tells of blindness and sight, in order with the events. */
async function startSighted(
  script: (api: ScriptedApi) => unknown,
  more: Partial<ReflectorOptions> = {},
): Promise<Stage & { readonly order: string[] }> {
  const order: string[] = [];
  const stage = await start(script, {
    onSight: () => order.push("sight"),
    onBlind: (sinceMs, why) => order.push(`blind since ${sinceMs - 1_000_000}: ${why ?? "nothing known"}`),
    onBatchEnd: () => order.push("."),
    ...more,
    onEvent(event) {
      order.push(event.kind === "listed" ? `listed ${event.slices.length}` : event.kind);
      more.onEvent?.(event);
    },
  });
  return Object.assign(stage, { order });
}

const untilWatching = (stage: Stage, count: number): Promise<void> =>
  until(
    () => stage.api.watches.length === count && stage.reflector.status().watching,
    `watch ${count} is open`,
  );

describe("a watch that is silent", () => {
  test("is opened anew from the last version after 45 s: no failure, no word, no blindness", async () => {
    const stage = await startSighted((api) => api.onWatch(stream(ADDED)));
    await until(() => stage.order.includes("changed"));
    stage.pass(44_999);
    await turns();
    expect([stage.api.watches.length, stage.reflector.status().watching]).toEqual([1, true]);
    stage.pass(1);
    await untilWatching(stage, 2);
    await until(() => stage.api.watches[0]?.closed === true);
    expect(versions(stage.api.watches)).toEqual(["1", "5"]);
    expect(stage.api.watches[1]?.query.get("timeoutSeconds")).toBe("300");
    expect(stage.reflector.status()).toMatchObject({
      failures: 0,
      failureCounts: {},
      lastByteAtMs: 1_045_000,
      blindSinceMs: undefined,
    });
    for (let count = 3; count <= 5; count++) {
      stage.pass(45_000);
      await untilWatching(stage, count);
    }
    expect([stage.order, said(stage)]).toEqual([["sight", "listed 0", ".", "changed", "."], []]);
  });

  test("any byte puts that off", async () => {
    const stage = await startSighted(() => undefined);
    await untilWatching(stage, 1);
    for (let count = 0; count < 5; count++) {
      stage.pass(44_999);
      stage.api.watches[0]?.response.write("\n");
      await until(() => stage.reflector.status().lastByteAtMs === stage.clock.now());
    }
    expect(stage.api.watches).toHaveLength(1);
    stage.pass(45_000);
    await untilWatching(stage, 2);
  });

  test("and dead is replaced before anyone is blind, and what it did not bring comes", async () => {
    const missed = line("DELETED", sliceJson("a", "6"));
    const stage = await startSighted((api) => api.onWatch(stream(ADDED), stream(missed)));
    await until(() => stage.order.includes("changed"));
    stage.pass(45_000);
    await until(() => stage.order.includes("deleted"));
    expect(stage.order).not.toContain(expect.stringContaining("blind"));
    expect(stage.api.lists).toHaveLength(1);
  });

  test("but for the drips of one line is given up, as its end may never come", async () => {
    const stage = await startSighted((api) => api.onWatch(stream(ADDED + "{")));
    await until(() => stage.order.includes("changed"));
    for (let count = 0; count < 2; count++) {
      stage.pass(14_999);
      stage.api.watches[0]?.response.write(" ");
      await until(() => stage.reflector.status().lastByteAtMs === stage.clock.now());
    }
    expect(stage.reflector.status().failures).toBe(0);
    stage.pass(2);
    await untilFailures(stage, 1);
    expect(stage.reflector.status().lastFailure).toMatch(
      /^Cannot watch .*: an event did not end within 30 s$/,
    );
    await until(() => stage.api.watches[0]?.closed === true);
    stage.pass(800);
    await untilWatching(stage, 2);
    expect(versions(stage.api.watches)).toEqual(["1", "5"]);
  });

  test("and brings one line after the other in pieces is left alone", async () => {
    const stage = await startSighted(() => undefined);
    await untilWatching(stage, 1);
    const text = ADDED.repeat(8);
    for (let from = 0; from < text.length; from += 100) {
      stage.api.watches[0]?.response.write(text.slice(from, from + 100));
      stage.pass(9000);
      await until(() => (stage.reflector.status().lastByteAtMs ?? 0) >= stage.clock.now() - 9000);
      await turns();
    }
    expect([stage.api.watches.length, said(stage)]).toEqual([1, []]);
  });

  test("is not opened anew within a second of its start", async () => {
    const stage = await startSighted(() => undefined, { blindAfterMs: 1200 });
    await untilWatching(stage, 1);
    stage.pass(900);
    await until(() => !stage.reflector.status().watching);
    stage.pass(99);
    await turns();
    expect(stage.api.watches).toHaveLength(1);
    stage.pass(1);
    await untilWatching(stage, 2);
    expect(stage.order).toEqual(["sight", "listed 0", "."]);
  });

  test("brings a list when no version was proven for five minutes", async () => {
    const stage = await startSighted(() => undefined);
    for (let count = 1; count <= 7; count++) {
      await untilWatching(stage, count);
      expect(stage.api.lists).toHaveLength(1);
      stage.pass(45_000);
    }
    await untilWatching(stage, 8);
    expect([versions(stage.api.lists), said(stage)]).toEqual([["0", "1"], []]);
  });
});

describe("blindness", () => {
  test("comes when a new watch is not answered in the quarter that is left, and only a list ends it", async () => {
    const stage = await startSighted((api) =>
      api
        .onWatch(stream(ADDED), hang)
        .onList(list([], "1"), refuse(500, "Trouble"), list([sliceJson("b", "9")], "9")),
    );
    await until(() => stage.order.includes("changed"));
    stage.order.length = 0;
    stage.pass(45_000);
    await untilWatches(stage, 2);
    stage.pass(14_999);
    await turns();
    expect([stage.order, stage.reflector.status().blindSinceMs]).toEqual([[], undefined]);
    stage.pass(1);
    await untilFailures(stage, 1);
    expect(stage.order).toEqual(["blind since 0: nothing known"]);
    expect(stage.reflector.status()).toMatchObject({
      blindSinceMs: 1_000_000,
      failureCounts: { deadline: 1 },
      lastFailure: expect.stringContaining("no sign of life for 60 s") as string,
    });
    await until(() => stage.api.watches[1]?.closed === true);
    stage.pass(800);
    await untilFailures(stage, 2);
    expect(stage.api.watches).toHaveLength(2);
    stage.pass(120_000);
    await untilWatching(stage, 3);
    expect(stage.order).toEqual(["blind since 0: nothing known", "sight", "listed 1", "."]);
    expect(stage.reflector.status()).toMatchObject({ blindSinceMs: undefined, relists: 1 });
    expect(versions(stage.api.lists)).toEqual(["0", "5", "5"]);
  });

  test("comes before the first list too, once, and says why", async () => {
    const stage = await startSighted((api) => api.onList(hang, hang, hang, list([], "7")));
    for (let count = 1; count <= 3; count++) {
      await until(() => stage.api.lists.length === count);
      stage.pass(30_000);
      await untilFailures(stage, count);
      stage.pass(stage.clock.nextTimerMs() === undefined ? 0 : 6400);
    }
    await untilWatching(stage, 1);
    expect(stage.order).toEqual([
      expect.stringMatching(/^blind since 0: Cannot list .* no complete answer within 30 s$/),
      "sight",
      "listed 0",
      ".",
    ]);
  });

  test("lets a list that is under way go on: it is what is needed", async () => {
    const slow: Answer = (call) => void until(() => stage.order.length > 3).then(() => list([], "8")(call));
    const stage = await startSighted((api) => api.onList(list([], "1"), slow).onWatch(stream("not JSON\n")), {
      blindAfterMs: 20_000,
    });
    await untilFailures(stage, 1);
    stage.pass(800);
    await until(() => stage.api.lists.length === 2);
    stage.pass(19_200);
    await untilWatching(stage, 2);
    expect(stage.order.slice(3)).toEqual([
      expect.stringMatching(/^blind since 0: .*not JSON/),
      "sight",
      "listed 0",
      ".",
    ]);
    expect(stage.api.lists).toHaveLength(2);
  });

  test("is not ended by pages, nor by the events of a streamed list, before it is complete", async () => {
    const stage = await startSighted((api) => api.onStream(stream(ADDED)), {
      blindAfterMs: 20_000,
      headTimeoutMs: 1,
    });
    await until(() => stage.reflector.status().lastByteAtMs !== undefined);
    for (let count = 0; count < 4; count++) {
      stage.pass(2500 - 1);
      stage.api.streams[0]?.response.write(ADDED);
      await until(() => stage.reflector.status().lastByteAtMs === stage.clock.now());
    }
    stage.api.onList(list([sliceJson("a", "1")], "3", "next"), hang);
    stage.pass(4);
    await until(() => stage.api.lists.length === 2);
    expect(stage.order).toEqual([]);
    stage.pass(10_000);
    expect(stage.order).toEqual(["blind since 0: nothing known"]);
  });

  test("can be ended by a streamed list", async () => {
    const stage = await startSighted((api) =>
      api.onStream(stream(endOfList("3")), stream(ADDED, endOfList("9"))).onWatch(hang),
    );
    await until(() => stage.reflector.status().watching);
    stage.pass(45_000);
    await untilWatches(stage, 1);
    stage.pass(15_000);
    await untilFailures(stage, 1);
    stage.pass(800);
    await until(() => stage.reflector.status().watching);
    expect(stage.order).toEqual([
      "sight",
      "listed 0",
      ".",
      "blind since 0: nothing known",
      "sight",
      "listed 1",
      ".",
    ]);
  });

  test("is said again when the list that would end it cannot be taken in", async () => {
    let lists = 0;
    const stage = await startSighted((api) => api.onWatch(hang), {
      headTimeoutMs: 60_000,
      onEvent() {
        if (++lists === 2) throw new Error("broken rule");
      },
    });
    await untilWatches(stage, 1);
    stage.pass(60_000);
    await untilFailures(stage, 1);
    stage.pass(800);
    await until(() => stage.order.filter((entry) => entry.startsWith("blind")).length === 2);
    expect(stage.reflector.status().blindSinceMs).toBe(1_000_000);
    stage.pass(60_000);
    await until(() => lists === 3);
    expect(stage.order.slice(3)).toEqual([
      expect.stringMatching(/^blind since 0/),
      "sight",
      "listed 0",
      expect.stringMatching(/^blind since 0/),
      "sight",
      "listed 0",
      ".",
    ]);
  });

  test("a caller that throws on hearing of it changes nothing", async () => {
    const broken = (): void => {
      throw new Error("broken");
    };
    const stage = await start((api) => api.onList(hang), { onBlind: broken, blindAfterMs: 1000 });
    await until(() => stage.api.lists.length === 1);
    stage.pass(1000);
    expect(stage.log.at(-1)).toMatchObject({ level: "error", err: new Error("broken") });
    stage.pass(29_000);
    await untilFailures(stage, 1);
  });

  test("the first list brings sight, later ones do not say it again", async () => {
    const stage = await startSighted((api) =>
      api.onWatch(stream(line("ERROR", status(410, "Expired"))), stream(bookmark("9"))),
    );
    await untilWatching(stage, 2);
    expect(stage.order).toEqual(["sight", "listed 0", ".", "listed 0", "."]);
  });
});

describe("relist", () => {
  test("lists again from an open watch, which counts as no failure", async () => {
    const wanted = new Set(["web"]);
    const other = JSON.parse(JSON.stringify(sliceJson("b", "2")).replace('"web"', '"other"')) as object;
    const both = list([sliceJson("a", "1"), other], "3");
    const stage = await startSighted((api) => api.onList(both, both), {
      wants: (_namespace, service) => wanted.has(service),
    });
    await untilWatching(stage, 1);
    wanted.add("other");
    stage.reflector.relist();
    await until(() => stage.clock.nextTimerMs() === 1_001_000);
    stage.pass(1000);
    await untilWatching(stage, 2);
    expect(stage.order).toEqual(["sight", "listed 1", ".", "listed 2", "."]);
    expect([said(stage), stage.reflector.status().failureCounts]).toEqual([[], {}]);
  });

  test("during a list makes another after it", async () => {
    const stage = await startSighted((api) => api.onList(hang, list([], "5")));
    await until(() => stage.api.lists.length === 1);
    stage.reflector.relist();
    list([], "4")(stage.api.lists[0] as never);
    await untilWatching(stage, 1);
    expect(stage.api.lists).toHaveLength(2);
  });

  test("during a streamed list makes another, streamed too", async () => {
    const stage = await startSighted((api) => api.onStream(stream(ADDED), stream(endOfList("9"))));
    await until(() => stage.reflector.status().lastByteAtMs !== undefined);
    stage.reflector.relist();
    await until(() => stage.clock.nextTimerMs() === 1_001_000);
    stage.pass(1000);
    await until(() => stage.reflector.status().watching);
    expect([stage.order, stage.api.lists]).toEqual([["sight", "listed 0", "."], []]);
  });
});
