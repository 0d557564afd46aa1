import { describe, expect, test } from "vitest";
import type { Failure } from "../../src/cluster/failure.ts";
import {
  INITIAL_STATE,
  nextStep,
  type Outcome,
  type ReflectorState,
} from "../../src/cluster/reflector-state.ts";

const NOW = 1_000_000;
const none = (): number => 0;

function failure(kind: Failure["kind"], retryAfterMs?: number): Failure {
  return { kind, message: kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function listFailed(kind: Failure["kind"], expiredAtLaterPage = false): Outcome {
  return { kind: "listFailed", failure: failure(kind), expiredAtLaterPage };
}

function ended(more: Partial<Extract<Outcome, { kind: "watchEnded" }>> = {}): Outcome {
  return {
    kind: "watchEnded",
    startedAtMs: NOW - 60_000,
    resourceVersion: "7",
    progress: false,
    failure: undefined,
    ...more,
  };
}

const WATCHING = nextStep(INITIAL_STATE, { kind: "listed", resourceVersion: "7" }, NOW - 60_000, none);

/** The state after this many failures one after the other, each at the time the state waited for. */
function fail(state: ReflectorState, outcome: Outcome, times: number, random = none): ReflectorState[] {
  const states: ReflectorState[] = [];
  let nowMs = NOW;
  for (let count = 0; count < times; count++) {
    const next = nextStep(states.at(-1) ?? state, outcome, nowMs, random);
    nowMs = next.notBeforeMs;
    states.push(next);
  }
  return states;
}

function waits(states: readonly ReflectorState[]): number[] {
  return states.map(({ notBeforeMs }, index) => notBeforeMs - (states[index - 1]?.notBeforeMs ?? NOW));
}

describe("what comes after a list", () => {
  test("the first asks for any state, in pages, at once", () => {
    expect(INITIAL_STATE).toMatchObject({ step: "list", resourceVersion: "0", paged: true, notBeforeMs: 0 });
  });

  test("a watch from the list's version, at once", () => {
    const next = nextStep(
      { ...INITIAL_STATE, paged: false, failures: 3 },
      { kind: "listed", resourceVersion: "7" },
      NOW,
      none,
    );
    expect(next).toMatchObject({
      step: "watch",
      resourceVersion: "7",
      paged: true,
      failures: 0,
      notBeforeMs: NOW,
    });
  });

  test("waits that double from 0.8 s to 30 s", () => {
    expect(waits(fail(INITIAL_STATE, listFailed("server"), 8))).toEqual([
      800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
    ]);
  });

  test("waits up to twice as long by chance", () => {
    expect(waits(fail(INITIAL_STATE, listFailed("network"), 2, () => 0.5))).toEqual([1200, 2400]);
  });

  test("the latest state at once when the wanted one is gone, with waits when it goes on", () => {
    const states = fail({ ...WATCHING, step: "list" }, listFailed("gone"), 3);
    expect(states.map(({ resourceVersion }) => resourceVersion)).toEqual(["", "", ""]);
    expect(waits(states)).toEqual([0, 1600, 3200]);
  });

  test("the same state in one piece when a later page is gone", () => {
    const [next] = fail({ ...WATCHING, step: "list" }, listFailed("gone", true), 1);
    expect(next).toMatchObject({ step: "list", resourceVersion: "7", paged: false });
  });

  test("fresh credentials at once when they are refused, with waits when it goes on", () => {
    expect(waits(fail(INITIAL_STATE, listFailed("unauthorized"), 3))).toEqual([0, 1600, 3200]);
  });

  test("trouble before the last two minutes is forgotten, at two minutes sharp", () => {
    const state = fail(INITIAL_STATE, listFailed("server"), 3).at(-1) ?? INITIAL_STATE;
    const later = (ms: number): number => {
      const nowMs = state.notBeforeMs + ms;
      return nextStep(state, listFailed("server"), nowMs, none).notBeforeMs - nowMs;
    };
    expect([later(119_999), later(120_000)]).toEqual([6400, 800]);
  });

  test("a list that succeeds does not shorten the next wait", () => {
    const [gone] = fail(WATCHING, ended({ failure: failure("gone") }), 1);
    const listed = nextStep(gone ?? WATCHING, { kind: "listed", resourceVersion: "8" }, NOW, none);
    const again = nextStep(listed, ended({ startedAtMs: NOW, failure: failure("gone") }), NOW, none);
    expect(again.notBeforeMs).toBe(NOW + 1600);
  });
});

describe("what comes after a watch", () => {
  test.each([
    [60_000, 0],
    [1000, 0],
    [999, 1],
    [0, 1000],
  ])("ended in time after %i ms: resumed %i ms later", (lastedMs, waitMs) => {
    const next = nextStep(
      WATCHING,
      ended({ startedAtMs: NOW - lastedMs, progress: true, resourceVersion: "9" }),
      NOW,
      none,
    );
    expect(next).toMatchObject({
      step: "watch",
      resourceVersion: "9",
      failures: 0,
      notBeforeMs: NOW + waitMs,
    });
  });

  test("broken: resumed from the last version after a wait", () => {
    const next = nextStep(WATCHING, ended({ resourceVersion: "9", failure: failure("network") }), NOW, none);
    expect(next).toMatchObject({ step: "watch", resourceVersion: "9", failures: 1, notBeforeMs: NOW + 800 });
  });

  test("broken right after its start: never less than a second after it", () => {
    const next = nextStep(WATCHING, ended({ startedAtMs: NOW, failure: failure("network") }), NOW, none);
    expect(next.notBeforeMs).toBe(NOW + 1000);
  });

  test("broken five times in a row: a list from the last version", () => {
    const states = fail(WATCHING, ended({ failure: failure("server") }), 5);
    expect(states.map(({ step }) => step)).toEqual(["watch", "watch", "watch", "watch", "list"]);
    expect(states.at(-1)?.resourceVersion).toBe("7");
  });

  test("an event between failures starts the count anew", () => {
    const state = { ...WATCHING, failures: 4 };
    expect(nextStep(state, ended({ progress: true, failure: failure("network") }), NOW, none)).toMatchObject({
      step: "watch",
      failures: 1,
    });
  });

  test("expired: a list of the latest state at once", () => {
    const next = nextStep(WATCHING, ended({ failure: failure("gone") }), NOW, none);
    expect(next).toMatchObject({ step: "list", resourceVersion: "", notBeforeMs: NOW });
  });

  test.each([["undecodable"], ["handler"]] as const)("%s: a list, as something was lost", (kind) => {
    expect(nextStep(WATCHING, ended({ failure: failure(kind) }), NOW, none)).toMatchObject({
      step: "list",
      resourceVersion: "7",
      notBeforeMs: NOW + 800,
    });
  });

  test.each([
    [5000, 5000],
    [100, 800],
  ])("overloaded with Retry-After %i ms: waits %i ms", (retryAfterMs, waitMs) => {
    const next = nextStep(WATCHING, ended({ failure: failure("overloaded", retryAfterMs) }), NOW, none);
    expect(next).toMatchObject({ step: "watch", notBeforeMs: NOW + waitMs });
  });

  test("refused credentials: again at once, but not within a second of the last start", () => {
    const next = nextStep(WATCHING, ended({ failure: failure("unauthorized") }), NOW, none);
    expect(next).toMatchObject({ step: "watch", notBeforeMs: NOW });
  });

  test.each([
    [299_999, false, "watch"],
    [300_000, false, "list"],
    [300_000, true, "watch"],
  ])("ended in time %i ms after the server last knew our version (progress %s): %s", (ms, progress, step) => {
    const state = { ...WATCHING, provenAtMs: NOW - ms };
    expect(nextStep(state, ended({ progress }), NOW, none).step).toBe(step);
  });
});
