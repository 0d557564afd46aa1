import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { RingbellProcess, SOURCES } from "../../support/ringbell-process.ts";
import { RingbellSite } from "../../support/ringbell-site.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

const RULES = `
version: 1
destinations: { hook: { webhook: { url: "http://127.0.0.1:9/" } } }
rules:
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, notify: [hook] }
`;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
function runToEnd(args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...SOURCES, ...args], { env: {} }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test("a recording that SIGINT ends is whole, and replays; a look at the cluster agrees with it", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(RULES);
  const model = site.service("cassandra", 3);
  const file = join(site.directory, "now.jsonl.gz");
  const { rulesPath, kubeconfigPath } = site;
  const reach = ["--kubeconfig", kubeconfigPath];
  await using recorder = new RingbellProcess({
    args: ["record", "--rules", rulesPath, ...reach, "--out", file],
  });
  await recorder.until("the first list", () =>
    recorder.stderr.includes("Listed endpointslices:data/cassandra"),
  );
  await recorder.bringsAbout(
    "a watch",
    site.api.until(() => site.api.openWatches().length === 1),
  );
  site.scale(model, 2);
  await recorder.bringsAbout(
    "the last event",
    site.api.until(() => site.api.openWatches().every(({ sentLines }) => sentLines > 0)),
  );
  recorder.signal("SIGINT");
  expect(await recorder.ended()).toEqual({ code: 0, signal: null });
  expect(recorder.stdout).toBe("");
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ end: { events: lines.length - 2 } });

  const [replayed, explained] = await Promise.all([
    runToEnd(["replay", file, "--rules", rulesPath, "--json"]),
    runToEnd(["explain", rulesPath, ...reach, "--json"]),
  ]);
  expect([replayed.code, explained.code]).toEqual([0, 0]);
  const { events } = (JSON.parse(replayed.stdout) as { recording: { events: number } }).recording;
  expect(events).toBe(lines.length - 2);
  const fact = "2 of 2 ready, wanted at least 3";
  expect(JSON.parse(explained.stdout)).toMatchObject({
    standings: [{ rule: "quorum", phase: "firing", fact }],
  });
});

test("a running Ringbell says since when, to who asks at its port", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(RULES);
  site.service("cassandra", 2);
  const ringbell = site.start();
  await ringbell.ready();
  const { code, stdout } = await runToEnd(["explain", site.rulesPath, "--url", await ringbell.url()]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}data\/cassandra {2}firing for \d+s: 2 of 2 ready, wanted at least 3$/m);
});

test.each([
  [
    "a recording that is not there",
    ["replay", "/nowhere.jsonl", "--rules", "RULES"],
    "Cannot read recording /nowhere.jsonl: there is no such file",
  ],
  ["a recording that is none", ["replay", "RULES", "--rules", "RULES"], "it is none of ringbell record"],
  [
    "a duration that is none",
    ["record", "--rules", "RULES", "--for", "soon"],
    "wanted a duration such as 90s",
  ],
  [
    "a destination that is not there",
    ["send", "hok", "--rules", "RULES"],
    'no destination "hok", did you mean "hook"?',
  ],
  ["a ring that is none", ["explain", "RULES", "--ring", "cassandra"], "wanted namespace/service"],
])("%s is bad usage", async (_what, args, said) => {
  await using site = await RingbellSite.open();
  site.writeRules(RULES);
  const named = args.map((arg) => (arg === "RULES" ? site.rulesPath : arg));
  const { code, stdout, stderr } = await runToEnd(named);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(said);
});

test("the schema on standard output is the file in the repository", async () => {
  const { code, stdout } = await runToEnd(["schema"]);
  const file = readFileSync(join(import.meta.dirname, "../../../rules.schema.json"), "utf8");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(file));
});
