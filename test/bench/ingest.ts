import { Child } from "./child.ts";
import type { IngestOrder } from "./ingest-process.ts";
import type { Selected } from "./ingest-rules.ts";
import type { Comparison, Effort } from "./measurement.ts";

/** What `measureIngest` found, for slices of 3 and of 100 endpoints. */
interface Sizes {
  readonly small: Comparison;
  readonly large: Comparison;
}

/**
 * Events per second from the bytes on a loopback socket to decided alerts: a separate process writes prepared MODIFIED events of
 * a thousand Services as one watch, a fresh one takes them in with a hundred rules and its state in SQLite. The time ends
 * when the notice of a last event is decided, so nothing of what came before is left to do. In between, that process only calls
 * `JSON.parse(line.toString())` on the same lines. Once with all Services selected by some rule, and once with a hundred of them.
 */
export async function measureIngest({
  quick,
}: Effort): Promise<{ readonly all: Sizes; readonly oneInTen: Sizes }> {
  const rounds = quick ? 4 : 10;
  return { all: await measureSizes("all", rounds), oneInTen: await measureSizes("oneInTen", rounds) };
}

async function measureSizes(selected: Selected, rounds: number): Promise<Sizes> {
  // About 50 and 60 MB on the wire.
  const small = await measure({ plan: { services: 1000, endpoints: 3, passes: 20 }, selected, rounds });
  const large = await measure({ plan: { services: 1000, endpoints: 100, passes: 2 }, selected, rounds });
  return { small, large };
}

async function measure(order: IngestOrder): Promise<Comparison> {
  using child = new Child("ingest-process.ts");
  return await child.ask<Comparison>(order);
}
