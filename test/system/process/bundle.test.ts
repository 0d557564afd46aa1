import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { RingbellSite, untilOwed } from "../../support/ringbell-site.ts";
import { runToEnd } from "../../support/ringbell-process.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS, hookTimeout: PROCESS_TEST_TIMEOUT_MS });

const ROOT = join(import.meta.dirname, "../../..");

/** Far from any node_modules. */
const directory = mkdtempSync(join(tmpdir(), "ringbell-bundle-"));
const built = join(directory, "dist");
const lonely = join(directory, "alone", "ringbell.js");
const elsewhere = join(directory, "elsewhere");

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "scripts/build.ts"), "--out", built], { stdio: "pipe" });
  mkdirSync(join(directory, "alone"));
  mkdirSync(elsewhere);
  copyFileSync(join(built, "ringbell.js"), lonely);
});

afterAll(() => rmSync(directory, { recursive: true }));

describe.concurrent("the bundle, alone in a directory and started from another", () => {
  test("prints a command's help and the version as the sources do", async () => {
    const asks = [["run", "--help"], ["--version"]];
    const answers = await Promise.all(
      asks.map((args) =>
        Promise.all([runToEnd({ args, program: [lonely], cwd: elsewhere }), runToEnd({ args })]),
      ),
    );
    for (const [bundle, sources] of answers) {
      expect(bundle).toEqual(sources);
      expect(bundle.code).toBe(0);
    }
  });

  test("checks the example rules file that was built beside it", async () => {
    const args = ["check", join(built, "rules.example.yaml")];
    const { code, stdout, stderr } = await runToEnd({ args, program: [lonely], cwd: elsewhere });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("cassandra-below-quorum");
  });

  test("shows problems of a rules file with their frames", async () => {
    await using site = await RingbellSite.open();
    site.writeRules("version: 1\ndestinations: {}\nruls: []\n");
    const { code, stderr } = await runToEnd({
      args: site.runArguments,
      program: [lonely],
      cwd: elsewhere,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean "rules"?');
    expect(stderr).toContain("> 3 | ruls: []");
  });

  test.each([
    ["as it is", [lonely]],
    ["with the flags and the place it has in the image", [...imageFlags(), join(built, "ringbell.js")]],
  ])("%s loses nothing to a kill -9 between accept and send", async (_how, program) => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    const door = await site.door(hook, "silent");
    site.writeRules(`
version: 1
destinations: { hook: { webhook: { url: "${door.url}", signingSecret: { env: KEY } } } }
rules:
  - name: left
    ring: { namespace: data, service: cassandra }
    on: [left]
    settle: 0s
    notify: [hook]
    message: '{{ change.left.map(m, m.name).join(", ") }} left'
`);
    const cassandra = site.service("cassandra", 5);
    const start = { program, cwd: elsewhere, env: { KEY: "a signing key of some length" } };
    const killed = await site.run(start);
    site.scale(cassandra, 4);
    await untilOwed(killed, 1);
    site.scale(cassandra, 3);
    await untilOwed(killed, 2);
    await killed.kill();
    const accepted = site.stored();

    door.state = "open";
    const restarted = await site.run(start);
    await restarted.bringsAbout("both notices", hook.waitFor(2));
    expect(await restarted.stop()).toEqual({ code: 0, signal: null });
    expect(hook.received.map(({ json }) => json)).toMatchObject(
      accepted.map(({ id }, n) => ({ id, generation: n + 1, message: `cassandra-${4 - n} left` })),
    );
    expect(accepted).toHaveLength(2);
    expect(site.stored().map(({ state }) => state)).toEqual(["delivered", "delivered"]);
    // Nothing of Node's own: no warning, no experimental feature.
    expect(restarted.stderr).not.toMatch(/\(node:\d+\)|Warning/);
  });
});

/** What the image's entry point gives Node, apart from the file. */
function imageFlags(): string[] {
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(ROOT, "Dockerfile"), "utf8"))?.[1];
  return (JSON.parse(entry ?? "[]") as string[]).slice(1, -1);
}
