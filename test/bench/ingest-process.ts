/** The process that is measured for ingest: it reads the watch, and in turn parses the very same lines and does nothing else. */
import { setImmediate, setTimeout } from "node:timers/promises";
import { systemClock } from "../../src/runtime/clock.ts";
import { startReceiver } from "../../src/simulator/receiver.ts";
import { Child, serveParent } from "./child.ts";
import { connectTo, startInProcess } from "./in-process-app.ts";
import { ingestRules, type Selected, SETTLED_MS } from "./ingest-rules.ts";
import { compare, timeRound } from "./measurement.ts";
import { eventLines, type StreamPlan } from "./watch-lines.ts";

export interface IngestOrder {
  readonly plan: StreamPlan;
  readonly selected: Selected;
  readonly rounds: number;
}

serveParent(async ({ plan, selected, rounds }: IngestOrder) => {
  using writer = new Child("watch-writer.ts");
  const { url } = await writer.ask<{ url: string }>({ kind: "prepare", plan });
  const receiver = await startReceiver({ kind: "webhook", clock: systemClock });
  let onCanary: () => void = () => undefined;
  const { app, close } = await startInProcess({
    rules: ingestRules(plan.endpoints, receiver.url, selected),
    connection: connectTo(url),
    onNotice: () => onCanary(),
  });
  while (!app.reflectors.every((reflector) => reflector.status().watching)) await setTimeout(5);
  await setTimeout(SETTLED_MS);
  const tell = async (kind: "write" | "calm"): Promise<void> => {
    const told = new Promise<void>((resolve) => (onCanary = resolve));
    writer.tell({ kind });
    await told;
  };

  const lines = eventLines(plan);
  const ours = [];
  const bare = [];
  // The first round warms both up.
  for (let i = 0; i <= rounds; i++) {
    bare.push(await timeRound(lines.length, () => parseAll(lines)));
    await setImmediate();
    ours.push(await timeRound(lines.length, () => tell("write")));
    await tell("calm");
  }
  await receiver.waitFor(2 * (rounds + 1));
  await close();
  await receiver.close();
  return compare(ours.slice(1), bare.slice(1));
});

function parseAll(lines: readonly Buffer[]): void {
  for (const line of lines) {
    const event = JSON.parse(line.toString()) as { type?: string };
    if (event.type !== "MODIFIED") throw new Error("Cannot measure ingest: a prepared line is no event");
  }
}
