import { expect, test } from "vitest";
import type { ApiConnection } from "../../src/cluster/api-connection.ts";
import { Handover } from "../../src/cluster/handover.ts";
import type { LoopOptions } from "../../src/cluster/reflector.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { scopeOf } from "../support/workloads.ts";

const connection: ApiConnection = {
  get: () => Promise.reject(new Error("not asked")),
  stream: () => Promise.reject(new Error("not asked")),
  close: async () => undefined,
};

function handover(more: Partial<LoopOptions<string>> = {}): { handover: Handover<string>; told: string[] } {
  const told: string[] = [];
  const options: LoopOptions<string> = {
    scope: scopeOf("Pod"),
    connection,
    clock: new VirtualClock(0),
    random: () => 0,
    logger: silentLogger,
    onEvent: (event) => told.push(event),
    onBatchEnd: () => told.push("."),
    onSight: () => told.push("sight"),
    ...more,
  };
  return { handover: new Handover(options), told };
}

test("changes that came together have one end, and where none came there is none", () => {
  const { handover: over, told } = handover();
  over.batchEnd("watch");
  over.change("a", "watch");
  over.change("b", "watch");
  over.batchEnd("watch");
  over.batchEnd("watch");
  expect(told).toEqual(["a", "b", "."]);
});

test("a list is a batch of its own, and sight comes before it", () => {
  const { handover: over, told } = handover();
  over.list("first", true, "list");
  over.list("second", false, "list");
  expect(told).toEqual(["sight", "first", ".", "second", "."]);
});

test("what a listener throws on an event is a failure that names it", () => {
  const error = new Error("no room");
  const fail = (): never => {
    throw error;
  };
  const { handover: over } = handover({ onEvent: fail });
  const failure = { kind: "handler", cause: error };
  expect(over.change("a", "watch")).toEqual({
    ...failure,
    message: "Cannot watch pods in all namespaces: taking in an event failed: no room",
  });
  expect(over.list("a", true, "list")).toMatchObject(failure);
  const { handover: atEnd } = handover({ onBatchEnd: fail });
  expect(atEnd.change("a", "watch")).toBeUndefined();
  expect(atEnd.batchEnd("watch")).toMatchObject(failure);
});

test("what a listener throws on a status ends nothing", () => {
  const said: string[] = [];
  const { handover: over } = handover({
    logger: { ...silentLogger, error: (_, text) => said.push(text) },
    onBlind: () => {
      throw new Error("no room");
    },
  });
  over.blind(0, undefined);
  expect(said).toEqual(["Cannot take in a watch status"]);
});
