import { KubeConfig } from "@kubernetes/client-node";
import { onTestFinished } from "vitest";
import { createApiConnection } from "../../src/cluster/api-connection.ts";
import { type Reflector, type ReflectorOptions, startReflector } from "../../src/cluster/reflector.ts";
import type { SliceEvent } from "../../src/cluster/slice.ts";
import { planWatches, type Scope } from "../../src/cluster/watch-plan.ts";
import type { LogFields, Logger } from "../../src/runtime/logger.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { line, ScriptedApi, sliceJson, until } from "./scripted-api.ts";

const [SCOPE] = planWatches([{ source: "endpointslices", namespace: "data", service: "web" }]) as [Scope];
/** A slice `data/a` at version 5. */
export const ADDED = line("ADDED", sliceJson("a", "5", "10.0.0.1"));

interface LogLine extends LogFields {
  readonly level: string;
  readonly text: string;
}

/** A reflector on a virtual clock, watching the Service `data/web` of a scripted API server. */
export interface Stage {
  readonly api: ScriptedApi;
  readonly clock: VirtualClock;
  readonly reflector: Reflector;
  /** What was handed over: `listed a b`, `changed a`, `deleted data/a`, and `.` at the end of a batch. */
  readonly told: string[];
  readonly events: SliceEvent[];
  readonly log: LogLine[];
  /** Lets virtual time pass. */
  pass(ms: number): void;
}

/** Starts a reflector on a scripted server; both end with the test. */
export async function start(
  script: (api: ScriptedApi) => unknown,
  more: Partial<ReflectorOptions> = {},
): Promise<Stage> {
  const api = await ScriptedApi.start();
  onTestFinished(() => api.stop());
  script(api);
  return startOn(api, api.url, more);
}

/** Starts a reflector that asks at this URL. */
export function startOn(api: ScriptedApi, url: string, more: Partial<ReflectorOptions> = {}): Stage {
  const clock = new VirtualClock(1_000_000);
  let loads = 0;
  const loadKubeConfig = (): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "c", server: url, skipTLSVerify: true },
      { name: "u", token: `t${++loads}` },
    );
    return config;
  };
  const connection = createApiConnection({ loadKubeConfig, clock, version: "0" });
  const told: string[] = [];
  const events: SliceEvent[] = [];
  const log: LogLine[] = [];
  const reflector = startReflector({
    scope: SCOPE,
    connection,
    clock,
    random: () => 0,
    logger: recordingLogger(log),
    onBatchEnd: () => told.push("."),
    ...more,
    onEvent(event) {
      more.onEvent?.(event);
      events.push(event);
      told.push(describeEvent(event));
    },
  });
  onTestFinished(async () => {
    await reflector.stop();
    await connection.close();
  });
  return { api, clock, reflector, told, events, log, pass: (ms) => clock.advanceTo(clock.now() + ms) };
}

function recordingLogger(log: LogLine[]): Logger {
  const at = (level: string) => (fields: LogFields, text: string) =>
    void log.push({ ...fields, level, text });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function describeEvent(event: SliceEvent): string {
  if (event.kind === "listed") return ["listed", ...event.slices.map(({ key }) => key.slice(5))].join(" ");
  return event.kind === "changed" ? `changed ${event.slice.key.slice(5)}` : `deleted ${event.key}`;
}

/** The resourceVersions that lists or watches asked for. */
export function versions(calls: ScriptedApi["lists"]): (string | null)[] {
  return calls.map(({ query }) => query.get("resourceVersion"));
}

/** Said above debug level. */
export function said({ log }: Stage): string[] {
  return log.filter(({ level }) => level !== "debug").map(({ text }) => text);
}

/** Waits until so many failures have come in a row; the wait that follows has begun then. */
export async function untilFailures(stage: Stage, count: number): Promise<void> {
  await until(() => stage.reflector.status().failures === count, `there are ${count} failures`);
}

/** Waits until so many watches have arrived at the server. */
export async function untilWatches(stage: Stage, count: number): Promise<void> {
  await until(() => stage.api.watches.length === count, `there are ${count} watches`);
}
