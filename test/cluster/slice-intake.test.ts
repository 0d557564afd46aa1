import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEvent } from "../../src/cluster/decode-event.ts";
import type { Wants } from "../../src/cluster/line-sieve.ts";
import { hashText } from "../../src/cluster/text-hash.ts";
import { SliceIntake } from "../../src/cluster/slice-intake.ts";
import type { Slice, SliceEvent, Source } from "../../src/cluster/slice.ts";
import { planWatches, type Scope } from "../../src/cluster/watch-plan.ts";
import { silentLogger } from "../../src/runtime/logger.ts";
import { hostileLines } from "../support/hostile-lines.ts";
import { recordings } from "../support/recordings.ts";
import { line, sliceJson } from "../support/scripted-api.ts";

function intakeOf(wants?: Wants, source: Source = "endpointslices"): SliceIntake {
  const [scope] = planWatches([{ source, namespace: undefined, service: undefined }]) as [Scope];
  return new SliceIntake({ scope, logger: silentLogger, wants });
}

/** What one line comes to, and its resourceVersion; `skipped` when it was not parsed. */
function push(intake: SliceIntake, json: string): { event?: SliceEvent; version?: string; skipped?: true } {
  const bytes = Buffer.from(json);
  const version = intake.skip(bytes);
  if (version !== undefined) return { version, skipped: true };
  const decoded = decodeEvent(bytes);
  if (!("object" in decoded)) return {};
  const taken = intake.take(decoded);
  const { resourceVersion } = decoded;
  return taken.kind === "event"
    ? { event: taken.event, version: resourceVersion }
    : { version: resourceVersion };
}

/** What a consumer knows of the wanted rings. */
class Rings {
  readonly slices = new Map<string, Slice>();
  readonly #wants: Wants;

  constructor(wants: Wants) {
    this.#wants = wants;
  }

  apply(event: SliceEvent | undefined): void {
    if (event?.kind === "deleted") this.slices.delete(event.key);
    if (event?.kind !== "changed") return;
    const { slice } = event;
    this.slices.delete(slice.key);
    if (slice.service !== undefined && this.#wants(slice.namespace, slice.service)) {
      this.slices.set(slice.key, slice);
    }
  }
}

/** Runs the same lines with and without the sieve, and compares after each. Returns how many were skipped. */
function compare(lines: readonly string[], wants: Wants, source?: Source): number {
  const [plain, sieved] = [intakeOf(undefined, source), intakeOf(wants, source)];
  const [expected, actual] = [new Rings(wants), new Rings(wants)];
  let skipped = 0;
  for (const json of lines) {
    const [whole, part] = [push(plain, json), push(sieved, json)];
    if (part.skipped) skipped++;
    expected.apply(whole.event);
    actual.apply(part.event);
    expect([...actual.slices.values()]).toEqual([...expected.slices.values()]);
    expect(part.version).toBe(whole.version);
    if (part.event?.kind === "changed") expect(actual.slices.has(part.event.slice.key)).toBe(true);
  }
  return skipped;
}

const wantsOne: Wants = (namespace, service) => namespace === "data" && service === "wanted";

describe("rings that no rule looks at", () => {
  test.each<[string, Wants, boolean]>([
    ["one Service", wantsOne, true],
    ["none", () => false, true],
    ["all", () => true, false],
    ["a hostile one", (_namespace, service) => service.includes('"'), true],
  ])("skipping them changes nothing for those that are wanted: %s", (_name, wants, skipsSome) => {
    let skipped = 0;
    fc.assert(
      fc.property(hostileLines, (lines) => {
        skipped += compare(
          lines.map(({ json }) => json),
          wants,
        );
      }),
      { numRuns: 500 },
    );
    expect(skipped > 0).toBe(skipsSome);
  });

  test.each(["endpointslices", "endpoints"] as const)("recorded %s", (source) => {
    for (const { lines } of recordings(source)) {
      const texts = lines.map(String);
      const services = new Set<string>();
      compare(texts, (_namespace, service) => (services.add(service), true), source);
      for (const service of services) compare(texts, (_namespace, name) => name === service, source);
      expect(compare(texts, () => false, source) > 0).toBe(services.size > 0);
    }
  });

  test("Endpoints are known by their own name", () => {
    const lines = ["wanted", "other"].map((name) =>
      line("ADDED", { metadata: { name, namespace: "data", resourceVersion: "1" }, subsets: [] }).trim(),
    );
    expect(compare(lines, wantsOne, "endpoints")).toBe(1);
  });

  test("one that turns from a wanted Service to another is handed over as deleted, and skipped from then on only if unknown", () => {
    const intake = intakeOf((_namespace, service) => service === "web");
    const mine = line("ADDED", sliceJson("a", "1", "10.0.0.1")).trim();
    const theirs = mine.replace('"web"', '"other"');
    expect(push(intake, theirs)).toEqual({ version: "1", skipped: true });
    expect(push(intake, mine).event?.kind).toBe("changed");
    expect(push(intake, theirs)).toEqual({ event: { kind: "deleted", key: "data/a" }, version: "1" });
    // Parsed, as its key was known once, but of no interest.
    expect(push(intake, theirs)).toEqual({ version: "1" });
    expect(push(intake, mine).event?.kind).toBe("changed");
  });

  test("so is one of a list", () => {
    const wants: Wants = (_namespace, service) => service === "web";
    const mine = line("ADDED", sliceJson("a", "1", "10.0.0.1")).trim();
    const first = push(intakeOf(wants), mine).event;
    const intake = intakeOf(wants);
    intake.replace(first?.kind === "changed" ? [first.slice] : []);
    expect(push(intake, mine.replace('"web"', '"other"')).event).toEqual({ kind: "deleted", key: "data/a" });
  });

  test("two Services whose names have one hash are told apart", () => {
    const seen = new Map<number, string>();
    let [one, other] = ["", ""];
    for (let count = 0; one === ""; count++) {
      const name = `service-${count.toString(36)}`;
      [one, other] = [seen.get(hashText(name)) ?? "", name];
      seen.set(hashText(name), name);
    }
    const intake = intakeOf((_namespace, service) => service === other);
    const json = line("ADDED", sliceJson("a", "1", "10.0.0.1")).trim();
    expect(push(intake, json.replace('"web"', JSON.stringify(one)))).toEqual({ version: "1", skipped: true });
    expect(push(intake, json.replace('"web"', JSON.stringify(other))).event?.kind).toBe("changed");
    expect(push(intake, json.replace('"web"', JSON.stringify(one)).replace('"a"', '"b"')).skipped).toBe(true);
  });

  test("answers are asked for once per Service, and again when they may have changed", () => {
    const asked: string[] = [];
    const wanted = new Set<string>();
    const intake = intakeOf((namespace, service) => {
      asked.push(`${namespace}/${service}`);
      return wanted.has(service);
    });
    const json = line("ADDED", sliceJson("a", "1")).trim();
    push(intake, json);
    push(intake, json.replace('"a"', '"b"'));
    expect(asked).toEqual(["data/web"]);
    wanted.add("web");
    intake.forgetWants();
    expect(push(intake, json).event?.kind).toBe("changed");
  });

  test("where nearly all are wanted, most lines are not looked at, and those that nobody wants are left out all the same", () => {
    const intake = intakeOf((_namespace, service) => service === "web");
    const mine = line("ADDED", sliceJson("a", "1", "10.0.0.1")).trim();
    const theirs = line("ADDED", sliceJson("b", "2", "10.0.0.1"))
      .trim()
      .replace('"web"', '"other"');
    for (let count = 0; count < 256; count++) push(intake, mine);
    expect(push(intake, theirs)).toEqual({ version: "2" });
    for (let count = 1; count < 4096; count++) push(intake, mine);
    expect(push(intake, theirs)).toEqual({ version: "2", skipped: true });
  });
});

describe("a streamed list", () => {
  test("is what its events add up to; the known slices stay until it takes their place", () => {
    const intake = intakeOf(wantsOne);
    const slice = (name: string, service: string): object => {
      const json = JSON.stringify(sliceJson(name, "7", "10.0.0.1"));
      return JSON.parse(json.replace('"web"', JSON.stringify(service))) as object;
    };
    const known = push(intake, line("ADDED", slice("a", "wanted")).trim()).event;
    intake.startCollecting();
    for (const json of [
      line("ADDED", slice("a", "wanted")),
      line("ADDED", slice("b", "wanted")),
      line("ADDED", slice("c", "wanted")),
      line("ADDED", slice("d", "other")),
      line("DELETED", slice("b", "wanted")),
      line("MODIFIED", slice("c", "other")),
    ]) {
      expect(push(intake, json.trim()).event).toBeUndefined();
    }
    const slices = intake.stopCollecting();
    expect(slices.map(({ key }) => key)).toEqual(["data/a"]);
    expect(known?.kind === "changed" && slices[0] === known.slice).toBe(true);
    expect(intake.previousSlice("data/c")).toBeUndefined();
  });
});
