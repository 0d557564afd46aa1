import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { KubeConfig } from "@kubernetes/client-node";
import { createApiConnection } from "../../src/cluster/api-connection.ts";
import { record, type RecordOptions } from "../../src/commands/record.ts";
import { openRecording } from "../../src/commands/record-command.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "../../src/simulator/api-server.ts";
import { ClusterModel } from "../../src/simulator/cluster-model.ts";
import { playSteps } from "../../src/simulator/play.ts";
import { rulesFile } from "../support/rules-file.ts";
import { turns } from "../support/turns.ts";

const START_MS = Date.UTC(2026, 0, 1);
const RULES = `
  - name: quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 2 }
  - name: left
    ring: { namespace: shop, service: "*-api" }
    on: [left]
`;

function kubeConfigOf(server: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "simulator", server, skipTLSVerify: true }, { name: "test" });
  return config;
}

class Site {
  readonly clock: VirtualClock;
  readonly lines: string[] = [];
  readonly said: string[] = [];
  readonly stop = new AbortController();
  readonly model = new ClusterModel({
    namespace: "data",
    service: "cassandra",
    nodes: [{ name: "ip-10-1-2-3.internal", zone: "eu-1a" }],
  });
  readonly api: ApiServer;
  done: Promise<number> = Promise.resolve(-1);

  constructor(api: ApiServer, clock: VirtualClock) {
    this.api = api;
    this.clock = clock;
  }

  static async start(options: Omit<ApiServerOptions, "clock"> = {}): Promise<Site> {
    const clock = new VirtualClock(START_MS);
    const api = await startApiServer({ ...options, clock });
    onTestFinished(() => api.close());
    const site = new Site(api, clock);
    playSteps(clock, api.store, site.model.begin(START_MS, 3));
    return site;
  }

  /** Begins to record; resolves when every scope is watched. */
  async record(options: Partial<RecordOptions> = {}): Promise<void> {
    const { clock, api } = this;
    const connection = createApiConnection({
      loadKubeConfig: () => kubeConfigOf(api.url),
      clock,
      version: "test",
    });
    onTestFinished(() => connection.close());
    this.done = record({
      file: rulesFile(RULES),
      connection,
      clock,
      random: seededRandom(1),
      version: "1.2.3",
      write: (line) => void this.lines.push(line),
      err: (text) => void this.said.push(text),
      forMs: undefined,
      anonymize: false,
      stop: this.stop.signal,
      ...options,
    });
    await this.until(() => this.said.filter((line) => line.startsWith("Listed")).length === 2);
  }

  async until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 5_000 && !holds(); i++) await turns(1);
    expect(holds()).toBe(true);
  }

  async end(): Promise<number> {
    this.stop.abort();
    return await this.done;
  }

  get parsed(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

describe("ringbell record", () => {
  test("writes a header, what is listed, what happens and when, and a last line", async () => {
    const site = await Site.start();
    await site.record();
    await site.until(() => site.api.openWatches().length === 2);
    site.clock.advanceTo(START_MS + 1_500);
    playSteps(site.clock, site.api.store, site.model.notReady(site.clock.now(), "cassandra-1"));
    await site.until(() => site.lines.length === 4);
    site.clock.advanceTo(START_MS + 2_000);
    expect(await site.end()).toBe(0);

    const [header, first, second, change, end] = site.parsed;
    expect(header).toEqual({
      ringbellRecording: 1,
      version: "1.2.3",
      startedAt: "2026-01-01T00:00:00.000Z",
      scopes: [
        {
          id: "endpointslices:data/cassandra",
          source: "endpointslices",
          namespace: "data",
          services: ["cassandra"],
        },
        { id: "endpointslices:shop/*", source: "endpointslices", namespace: "shop" },
      ],
    });
    const listed = [first, second].toSorted((a, b) => Number(a?.["s"]) - Number(b?.["s"]));
    expect(listed).toMatchObject([
      { t: 0, s: 0, event: { kind: "listed", slices: [{ service: "cassandra", endpoints: [{}, {}, {}] }] } },
      { t: 0, s: 1, event: { kind: "listed", slices: [] } },
    ]);
    expect(change).toMatchObject({
      t: 1_500,
      s: 0,
      event: { kind: "changed", slice: { endpoints: [{ ready: true }, { ready: false }, { ready: true }] } },
    });
    expect(end).toEqual({ t: 2_000, end: { events: 3 } });
    expect(site.lines.every((line) => line.endsWith("}\n"))).toBe(true);
    expect(site.said.at(0)).toBe("Recording 2 scopes of the API server, until Ctrl-C\n");
    expect(site.said.at(-1)).toMatch(/^Recorded 3 events in 2s, \d+ KiB before compression\n$/);
  });

  test("ends by itself when its time is up, and says now and then how it goes", async () => {
    const site = await Site.start();
    await site.record({ forMs: 25_000 });
    site.clock.advanceTo(START_MS + 24_999);
    expect(site.said.filter((line) => line.startsWith("2 events in"))).toHaveLength(2);
    expect(site.parsed.at(-1)).not.toHaveProperty("end");
    site.clock.advanceTo(START_MS + 25_000);
    expect(await site.done).toBe(0);
    expect(site.parsed.at(-1)).toEqual({ t: 25_000, end: { events: 2 } });
  });

  test("holds with --anonymize nothing of the original, and tells who stands for whom", async () => {
    const site = await Site.start();
    await site.record({ anonymize: true });
    await site.end();
    const text = site.lines.join("");
    expect(site.parsed[0]).toMatchObject({ anonymized: true });
    for (const name of ["data", "cassandra", "shop", "10.", "ip-", "eu-"])
      expect(text).not.toContain(`"${name}`);
    for (const name of site.model.podNames()) expect(text).not.toContain(name);
    expect(site.said.join("")).toContain("  ns-1  data\n");
    expect(site.said.join("")).toContain("  app-1  cassandra\n");
  });

  test("writes since when it was blind, and why", async () => {
    const site = await Site.start();
    await site.record();
    await site.until(() => site.api.openWatches().length === 2);
    await site.api.close();
    const isBlind = (): boolean => site.said.filter((line) => line.startsWith("Blind:")).length === 2;
    for (let i = 0; i < 2_000 && !isBlind(); i++) {
      await turns(2);
      site.clock.advanceTo(Math.max(site.clock.now(), site.clock.nextTimerMs() ?? 0));
    }
    await site.end();
    const blind = site.parsed.filter(
      ({ event }) => (event as { kind?: string } | undefined)?.kind === "blind",
    );
    expect(blind).toHaveLength(2);
    for (const { t, event } of blind) {
      const { sinceMs, why } = event as { sinceMs: number; why: string };
      expect([sinceMs, Number(t) - sinceMs]).toEqual([0, 60_000]);
      expect(why).toMatch(/^Cannot (list|watch) endpointslices/);
    }
  });

  test("exits 1 when it never saw a part of it, and says why", async () => {
    const site = await Site.start();
    site.api.faults.nextLists(100, { status: 403 });
    const never = site.record().catch(() => undefined);
    await site.until(() => site.said.some((line) => line.includes("will try again")));
    expect(await site.end()).toBe(1);
    expect(site.said.join("")).toMatch(/Never listed: endpointslices:\S+ \(Cannot list endpointslices/);
    expect(site.parsed.at(-1)).toEqual({ t: 0, end: { events: 0 } });
    await never;
  });
});

describe("the file of a recording", () => {
  test.each(["plain.jsonl", "small.jsonl.gz"])("%s is whole when it is closed", async (name) => {
    const directory = mkdtempSync(join(tmpdir(), "ringbell-record-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const path = join(directory, name);
    const output = openRecording(path);
    const lines = Array.from({ length: 1_000 }, (_, at) => `{"t":${at}}\n`);
    for (const line of lines) output.write(line);
    await output.close();
    const bytes = readFileSync(path);
    expect((name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString()).toBe(lines.join(""));
  });

  test("that cannot be made is known before anything is recorded", () => {
    expect(() => openRecording("/nowhere/at/all.jsonl")).toThrow("ENOENT");
  });

  test("that cannot be written ends the recording, with the reason", async () => {
    const output = openRecording("/dev/full");
    output.write("lost\n");
    await new Promise<void>((resolve) => output.failed.addEventListener("abort", () => resolve()));
    output.write("lost\n");
    await expect(output.close()).rejects.toMatchObject({ code: "ENOSPC" });
  });
});
