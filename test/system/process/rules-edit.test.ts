import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Notice } from "../../../src/alerts/notice.ts";
import type { Receiver } from "../../../src/simulator/receiver.ts";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { type RingbellProcess, runToEnd } from "../../support/ringbell-process.ts";
import { RingbellSite } from "../../support/ringbell-site.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

function rules(hook: Receiver, rule: string): string {
  return `
version: 1
destinations: { hook: { webhook: { url: "${hook.url}" } } }
selfNotify: [hook]
defaults: { notify: [hook] }
rules:
  - { ${rule} }
`;
}

const RING = "ring: { namespace: data, service: cassandra }";
const CALM = `name: quorum, ${RING}, when: { readyBelow: 1 }`;
const LOUD = `name: quorum, ${RING}, when: { readyBelow: 9 }`;

function said(hook: Receiver): string[] {
  return hook.received.map(({ json }) => {
    const { rule, kind, title } = json as Notice;
    return rule.startsWith("ringbell/") ? `${rule} ${kind}` : title;
  });
}

async function status(
  ringbell: RingbellProcess,
): Promise<{ readonly rulesFile: { readonly problems: unknown } }> {
  return JSON.parse((await ringbell.get("/api/v1/status")).body) as Awaited<ReturnType<typeof status>>;
}

describe.concurrent("an edit of the rules file of a running Ringbell", () => {
  test("that is wrong keeps the last good rules and is told, and one that is right counts and is told too", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(rules(hook, CALM));
    site.service("cassandra", 3);
    const ringbell = await site.run();

    site.writeRules(rules(hook, CALM.replace("readyBelow", "redyBelow")));
    await ringbell.bringsAbout("the notice of the bad edit", hook.waitFor(1));
    expect(said(hook)).toEqual(["ringbell/rules-file fire"]);
    expect((hook.received[0]?.json as Notice | undefined)?.message).toContain('did you mean "readyBelow"?');
    expect((await ringbell.get("/metrics")).body).toMatch(/^ringbell_rules_file_good 0$/m);
    expect((await ringbell.get("/readyz")).status).toBe(200);
    const line = await ringbell.log("the rules file is wrong: the last good rules stay");
    expect(line).toMatchObject({
      level: "error",
      problems: [expect.stringContaining("redyBelow") as string],
    });
    expect((await status(ringbell)).rulesFile.problems).toHaveLength(1);

    site.writeRules(rules(hook, LOUD));
    await ringbell.bringsAbout("both notices", hook.waitFor(3));
    expect(said(hook).toSorted()).toEqual([
      "quorum fires for data/cassandra",
      "ringbell/rules-file fire",
      "ringbell/rules-file resolve",
    ]);
    expect((await status(ringbell)).rulesFile.problems).toEqual([]);
    expect((await ringbell.stop()).code).toBe(0);
  });

  test("is seen where a ConfigMap is mounted: a directory behind two symlinks is swapped", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.service("cassandra", 3);
    const mount = join(site.directory, "mount");
    for (const [version, rule] of [
      ["..1", CALM],
      ["..2", LOUD],
    ] as const) {
      mkdirSync(join(mount, version), { recursive: true });
      writeFileSync(join(mount, version, "rules.yaml"), rules(hook, rule));
    }
    symlinkSync("..1", join(mount, "..data"));
    symlinkSync(join("..data", "rules.yaml"), join(mount, "rules.yaml"));
    const ringbell = await site.run({ args: ["--rules", join(mount, "rules.yaml")] });

    symlinkSync("..2", join(mount, "..data_tmp"));
    renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
    await ringbell.bringsAbout("the notice of the new rule", hook.waitFor(1));
    expect(said(hook)).toEqual(["quorum fires for data/cassandra"]);
  });
});

test.concurrent("SIGHUP ends nothing, and asks for a look at the rules file", async () => {
  await using site = await RingbellSite.open();
  const hook = await site.receiver("webhook");
  site.writeRules(rules(hook, CALM));
  site.service("cassandra", 3);
  const ringbell = await site.run();
  site.writeRules(rules(hook, LOUD));
  ringbell.signal("SIGHUP");
  await ringbell.bringsAbout("the notice of the new rule", hook.waitFor(1));
  ringbell.signal("SIGHUP");
  expect((await ringbell.get("/readyz")).status).toBe(200);
  expect(said(hook)).toEqual(["quorum fires for data/cassandra"]);
  expect((await ringbell.stop()).code).toBe(0);
});

describe.concurrent("stored state", () => {
  test("that is damaged is set aside and kept, the start goes on, and it is told", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(rules(hook, CALM));
    site.service("cassandra", 3);
    mkdirSync(site.data);
    writeFileSync(join(site.data, "ringbell.db"), "no database at all, whatever its name is. ".repeat(30));
    const ringbell = await site.run();
    await ringbell.bringsAbout("the notice", hook.waitFor(1));
    expect(said(hook)).toEqual(["ringbell/state fire"]);
    expect(readdirSync(site.data).filter((name) => name.includes(".damaged-"))).toHaveLength(1);
    await ringbell.stop();

    const again = await site.run();
    await again.bringsAbout("its end", hook.waitFor(2));
    expect(said(hook)).toEqual(["ringbell/state fire", "ringbell/state resolve"]);
  });
});

describe.concurrent("a silence", () => {
  test("keeps a firing rule from being told over a restart, and its end lets it speak", async () => {
    await using site = await RingbellSite.open();
    const hook = await site.receiver("webhook");
    site.writeRules(rules(hook, CALM.replace("readyBelow: 1", "readyBelow: 3")));
    const cassandra = site.service("cassandra", 3);
    const first = await site.run();
    const { code, body } = await silence(
      first,
      "add",
      "rule=quorum",
      "--for",
      "1h",
      "--reason",
      "maintenance",
    );
    expect(code, body).toBe(0);
    site.scale(cassandra, 1);
    await first.stop();

    const second = await site.run();
    const listed = await silence(second, "list", "--json");
    const [kept] = JSON.parse(listed.body) as { readonly id: string; readonly reason: string }[];
    expect(kept?.reason).toBe("maintenance");
    expect(said(hook)).toEqual([]);
    expect((await silence(second, "expire", kept?.id ?? "")).code).toBe(0);
    await second.bringsAbout("the late notice", hook.waitFor(1));
    expect(hook.received[0]?.json).toMatchObject({ rule: "quorum", kind: "fire", alert: { late: true } });
  });
});

/** `ringbell silence …` against a running one. */
async function silence(
  ringbell: RingbellProcess,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly body: string }> {
  const url = ["--url", await ringbell.url()];
  const { code, stdout, stderr } = await runToEnd({
    args: ["silence", ...args, ...url],
    env: { USER: "ann" },
  });
  return { code, body: stdout + stderr };
}
