import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test, vi } from "vitest";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { RingbellSite } from "../../support/ringbell-site.ts";
import { RingbellProcess, runToEnd } from "../../support/ringbell-process.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

const ROOT = join(import.meta.dirname, "../../..");

const GOOD_RULES = `
version: 1
destinations: { hook: { webhook: { url: "http://127.0.0.1:9/" } } }
rules:
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelow: 3 }, notify: [hook] }
`;

/** What is wrong in the file, each behind a space or bracket: a misspelt condition, an unknown destination, a misspelt key, an unknown change. */
const WRONG = [" readyBelw", "[hook", " namespce", "[gone"];
const BAD_RULES = `
version: 1
destinations: { place: { webhook: { url: "http://127.0.0.1:9/" } } }
rules:
  - { name: quorum, ring: { namespace: data, service: cassandra }, when: { readyBelw: 3 }, notify: [hook] }
  - { name: left, ring: { namespce: data, service: cassandra }, on: [gone], notify: [place] }
`;

describe.concurrent("exit code 2, and nothing started, for", () => {
  test("a command line without --rules", async () => {
    const { code, stdout, stderr } = await runToEnd({ args: ["run"] });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--rules <file>");
  });

  test.each([
    ["an unknown option", ["--ruls", "x.yaml"], "unknown option '--ruls'"],
    ["an unknown log level", ["--log-level", "loud"], "Allowed choices are debug, info, warn, error"],
    ["an address that is none", ["--listen", "here"], "wanted host:port or :port"],
    ["an argument too many", ["rules.yaml"], "too many arguments"],
  ])("%s", async (_what, args, said) => {
    await using site = await RingbellSite.open();
    site.writeRules(GOOD_RULES);
    const { code, stdout, stderr } = await runToEnd({ args: [...site.runArguments, ...args] });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(said);
    expectNothingStarted(site);
  });

  test("an unknown command, and none at all", async () => {
    const [unknown, none] = await Promise.all([runToEnd({ args: ["rnu"] }), runToEnd({ args: [] })]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("unknown command 'rnu'");
    expect(none).toMatchObject({ code: 2, stdout: "" });
    expect(none.stderr).toContain("Usage: ringbell");
  });

  test("a rules file with problems, all of which are told with their places", async () => {
    await using site = await RingbellSite.open();
    site.writeRules(BAD_RULES);
    const { code, stdout, stderr } = await runToEnd({ args: site.runArguments });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const places = stderr.split("\n").flatMap((line) => /^(.+:\d+:\d+) error: /.exec(line)?.[1] ?? []);
    expect(places).toEqual(WRONG.map((word) => `${site.rulesPath}:${placeOf(word, BAD_RULES)}`));
    expectNothingStarted(site);
  });

  test("a rules file that is not there", async () => {
    await using site = await RingbellSite.open();
    const { code, stdout, stderr } = await runToEnd({ args: site.runArguments });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(site.rulesPath);
    expect(stderr).not.toContain("    at ");
    expectNothingStarted(site);
  });
});

describe.concurrent("exit code 1 for", () => {
  test("a kubeconfig that is not there, and a context that is not in it", async () => {
    await using site = await RingbellSite.open();
    site.writeRules(GOOD_RULES);
    const missing = join(site.directory, "nowhere.yaml");
    const [noFile, noContext] = await Promise.all([
      runToEnd({ args: [...site.runArguments, "--kubeconfig", missing] }),
      runToEnd({ args: [...site.runArguments, "--context", "prod"] }),
    ]);
    expect(noFile).toEqual({
      code: 1,
      stdout: "",
      stderr: `Cannot read kubeconfig: file ${missing} (ENOENT)\n`,
    });
    expect(noContext).toMatchObject({ code: 1, stdout: "" });
    expect(noContext.stderr).toContain("prod");
    expect(noContext.stderr).toContain("simulator");
    expectNothingStarted(site);
  });

  test("a port in use", async () => {
    await using site = await RingbellSite.open();
    site.writeRules(GOOD_RULES);
    const other = createServer();
    await once(other.listen(0, "127.0.0.1"), "listening");
    const { port } = other.address() as { readonly port: number };
    const { code, stderr } = await runToEnd({
      args: [...site.runArguments, "--listen", `127.0.0.1:${port}`],
    });
    other.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    expect(stderr).toContain("in use");
    expect(site.api.requests).toEqual([]);
  });

  test("a data directory that cannot be made, and a file that is no state", async () => {
    await using site = await RingbellSite.open();
    site.writeRules(GOOD_RULES);
    const broken = mkdtempSync(join(site.directory, "newer-"));
    const db = new DatabaseSync(join(broken, "ringbell.db"));
    db.exec("PRAGMA user_version = 99");
    db.close();
    const [notMade, noState] = await Promise.all(
      [join(site.rulesPath, "below-a-file"), broken].map((data) =>
        runToEnd({ args: [...site.runArguments, "--data", data] }),
      ),
    );
    expect(notMade?.code).toBe(1);
    expect(notMade?.stderr).toMatch(/^[^\n]+\n$/);
    expect(notMade?.stderr).toContain(join(site.rulesPath, "below-a-file"));
    expect(noState?.code).toBe(1);
    expect(noState?.stderr).toMatch(/^[^\n]+\n$/);
    expect(noState?.stderr).toContain(join(broken, "ringbell.db"));
    expect(site.api.requests).toEqual([]);
  });
});

describe.concurrent("exit code 0 for", () => {
  test("--help of each command, on standard output", async () => {
    const top = await runToEnd({ args: ["--help"] });
    expect(top).toMatchObject({ code: 0, stderr: "" });
    const commands = [...top.stdout.matchAll(/^ {2}([a-z]+) .*\S {2,}\S/gm)].map(([, name = ""]) => name);
    expect(commands).toEqual(expect.arrayContaining(["run", "check", "rbac"]));
    const helps = await Promise.all(
      commands
        .filter((name) => name !== "help")
        .map(async (name) => ({ name, ...(await runToEnd({ args: [name, "--help"] })) })),
    );
    for (const { name, code, stdout, stderr } of helps) {
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
      expect(stdout).toContain(`Usage: ringbell ${name}`);
    }
  });

  test("--version", async () => {
    const { code, stdout } = await runToEnd({ args: ["--version"] });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  test("check and rbac on the example rules file", async () => {
    const example = join(ROOT, "rules.example.yaml");
    const [check, rbac] = await Promise.all(
      ["check", "rbac"].map((command) => runToEnd({ args: [command, example] })),
    );
    expect(check).toMatchObject({ code: 0, stderr: "" });
    expect(check?.stdout).toContain("cassandra-below-quorum");
    expect(rbac).toMatchObject({ code: 0, stderr: "" });
    expect(rbac?.stdout).toContain("kind: Role");
  });

  test("check of a good file, and 2 of a bad one, whatever stands beside it", async () => {
    await using site = await RingbellSite.open();
    const [good, bad] = [join(site.directory, "good.yaml"), join(site.directory, "bad.yaml")];
    writeFileSync(good, GOOD_RULES);
    writeFileSync(bad, BAD_RULES);
    const [one, both] = await Promise.all([
      runToEnd({ args: ["check", good] }),
      runToEnd({ args: ["check", bad, good] }),
    ]);
    expect(one).toMatchObject({ code: 0, stderr: "" });
    expect(both?.code).toBe(2);
    expect(both?.stdout).toContain("good.yaml: 1 rule");
    expect(both?.stderr).toContain("bad.yaml: 4 errors");
  });
});

test("a closed standard output ends no run", async () => {
  await using site = await RingbellSite.open();
  const hook = await site.receiver("webhook");
  site.writeRules(GOOD_RULES.replace("http://127.0.0.1:9/", hook.url));
  const cassandra = site.service("cassandra", 3);
  await using ringbell = new RingbellProcess({ args: site.runArguments });
  await ringbell.ready();
  ringbell.closeStdout();
  site.scale(cassandra, 2);
  await ringbell.bringsAbout("the fire", hook.waitFor(1));
  expect(await ringbell.stop()).toEqual({ code: 0, signal: null });
});

/** `line:column` of what follows the first character of `text`, which is there once. */
function placeOf(text: string, file: string): string {
  const before = file.slice(0, file.indexOf(text) + 1).split("\n");
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function expectNothingStarted(site: RingbellSite): void {
  expect(site.api.requests).toEqual([]);
  expect(existsSync(site.data), "the data directory").toBe(false);
}

describe.concurrent("a reader of standard output that has seen enough, as head does", () => {
  test("ends no command with an error", async () => {
    await using schema = new RingbellProcess({ args: ["schema"] });
    schema.closeStdout();
    expect(await schema.ended()).toEqual({ code: 0, signal: null });
    expect(schema.stderr).toBe("");
  });
});
