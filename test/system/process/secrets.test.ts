import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { PROCESS_TEST_TIMEOUT_MS } from "../../support/eventually.ts";
import { runToEnd } from "../../support/ringbell-process.ts";
import { RingbellSite } from "../../support/ringbell-site.ts";
import { stateBytes } from "../../support/stored-deliveries.ts";

vi.setConfig({ testTimeout: PROCESS_TEST_TIMEOUT_MS });

/** Every value that must not be seen, by what it is. Each has a part that occurs nowhere else. */
const VALUE = {
  slackPath: "T0SECRETSLACK/B0SECRETSLACK/xoxSecretSlackToken",
  hookPath: "jobs-secretHookPath",
  hookPassword: "secretHookPassword",
  routingKey: "5ec4e7000000000000000000pagerkey",
  refusedKey: "5ec4e7000000000000000000deniedky",
  signing: Buffer.from("secret signing key, 32 bytes xyz").toString("base64"),
  previous: Buffer.from("previous signing key 32 bytes xy").toString("base64"),
  header: "secretHeaderValue",
  brokenHeader: "secretBrokenHeader",
  notUrl: "secretThatIsNoUrl",
  shortKey: "secretShort",
  bearer: "secretBearerToken",
  queryToken: "secretQueryToken",
} as const;

test.concurrent("no secret occurs in the log, the metrics, the reasons, or the stored state", async () => {
  await using site = await RingbellSite.open({ bearerToken: () => VALUE.bearer });
  site.writeKubeconfig({ user: { token: VALUE.bearer } });
  const [slack, pager, hook] = [
    await site.receiver("slack"),
    await site.receiver("pagerduty"),
    await site.receiver("webhook", { signingSecret: `whsec_${VALUE.signing}` }),
  ];
  const shut = await site.door(hook, "shut");
  const refusing = await site.receiver("webhook");
  // Servers like to quote what they were sent.
  const everything = Object.values(VALUE).join(" ");
  refusing.answerNext(Infinity, {
    status: 302,
    headers: { location: `http://127.0.0.1:9/?${VALUE.queryToken}` },
    body: everything,
  });
  const echoing = await site.receiver("pagerduty");
  echoing.answerNext(Infinity, {
    status: 400,
    body: { message: `routing_key ${VALUE.refusedKey}: ${everything}` },
  });
  const failing = await site.receiver("slack");
  failing.answerNext(Infinity, { status: 503, body: everything });

  const with_ = (url: string, path: string): string => `${new URL(url).origin}/${path}`;
  const keyFile = join(site.directory, "routing-key");
  writeFileSync(keyFile, `${VALUE.routingKey}\n`);
  const env = {
    SLACK: with_(slack.url, `services/${VALUE.slackPath}`),
    FAILING: with_(failing.url, `services/${VALUE.slackPath}`),
    HOOK: with_(hook.url, VALUE.hookPath).replace("http://", `http://user:${VALUE.hookPassword}@`),
    SHUT: with_(shut.url, VALUE.hookPath).replace("http://", `http://user:${VALUE.hookPassword}@`),
    REFUSED_KEY: VALUE.refusedKey,
    SIGNING: `whsec_${VALUE.signing}`,
    PREVIOUS: `whsec_${VALUE.previous}`,
    HEADER: `Bearer ${VALUE.header}`,
    BROKEN_HEADER: `${VALUE.brokenHeader}\nx: y`,
    NOT_URL: VALUE.notUrl,
    SHORT: VALUE.shortKey,
    BLOCKED: `http://169.254.169.254/?token=${VALUE.queryToken}`,
    NOBODY: `http://127.0.0.1:1/?token=${VALUE.queryToken}`,
  };
  const kinds = [
    `slack: { webhookUrl: { env: SLACK } }`,
    `pagerduty: { routingKey: { file: "${keyFile}" }, url: "${pager.url}" }`,
    `webhook: { url: { env: HOOK }, signingSecret: { env: SIGNING }, previousSigningSecret: { env: PREVIOUS }, headers: { x-token: { env: HEADER } } }`,
    `slack: { webhookUrl: { env: FAILING } }`,
    `pagerduty: { routingKey: { env: REFUSED_KEY }, url: "${echoing.url}" }`,
    `webhook: { url: "${refusing.url}", headers: { authorization: { env: HEADER } } }`,
    `webhook: { url: { env: SHUT }, signingSecret: { env: SIGNING } }`,
    `webhook: { url: { env: BLOCKED } }`,
    `webhook: { url: { env: NOBODY } }`,
    `webhook: { url: { env: NOT_URL } }`,
    `slack: { webhookUrl: { env: NOT_URL } }`,
    `pagerduty: { routingKey: { env: BROKEN_HEADER }, url: "${pager.url}" }`,
    `webhook: { url: "${refusing.url}", headers: { x-token: { env: BROKEN_HEADER } } }`,
    `webhook: { url: "${refusing.url}", signingSecret: { env: SHORT } }`,
  ];
  const delivered = 3;
  const dead = 3;
  site.writeRules(`
version: 1
destinations:
${kinds.map((kind, n) => `  d${n}: { ${kind} }`).join("\n")}
rules:
  - name: left
    ring: { namespace: data, service: cassandra }
    on: [left]
    settle: 0s
    notify: [${kinds.map((_, n) => `d${n}`).join(", ")}]
`);
  const cassandra = site.service("cassandra", 3);
  const ringbell = await site.run({ env, args: ["--log-level", "debug"] });
  site.scale(cassandra, 2);
  await ringbell.until("all ends", () => {
    const count = (msg: string): number => ringbell.logs.filter((line) => line.msg === msg).length;
    return count("delivered") >= delivered && count("delivery is dead") >= dead;
  });
  const metrics = await ringbell.get("/metrics");
  // From now on the token is wrong, and so is what a new login would find.
  site.api.faults.nextLists(Infinity, { status: 401, body: everything });
  site.api.faults.nextWatches(Infinity, { status: 401, body: everything });
  site.api.faults.resetWatches();
  await ringbell.log("Watch failing");
  const readyz = await ringbell.get("/readyz");
  await ringbell.stop();

  // Each of them has spoken, the failing ones with their reasons.
  const ends = new Set(["delivered", "delivery is dead", "delivery will be tried again"]);
  const outcomes = ringbell.logs.filter(({ msg }) => ends.has(msg));
  expect(new Set(outcomes.map(({ destination }) => destination))).toEqual(
    new Set(kinds.map((_, n) => `d${n}`)),
  );
  // The good ones did get their secrets: this test looks for values that were in use.
  expect(slack.received[0]?.path).toContain(VALUE.slackPath);
  expect(pager.received[0]?.body).toContain(VALUE.routingKey);
  expect(hook.received).toMatchObject([{ status: 204, path: `/${VALUE.hookPath}` }]);
  expect(hook.received[0]?.headers["x-token"]).toBe(`Bearer ${VALUE.header}`);
  const states = site.stored().map(({ state }) => state);
  expect(states.filter((state) => state === "delivered")).toHaveLength(delivered);
  expect(states.filter((state) => state === "dead")).toHaveLength(dead);

  const places = {
    stdout: ringbell.stdout,
    stderr: ringbell.stderr,
    metrics: metrics.body,
    readyz: readyz.body,
    state: stateBytes(site.data).toString("latin1"),
  };
  expect(found(places)).toEqual([]);
});

test.concurrent("no token of a kubeconfig that cannot be used occurs in the message", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(`
version: 1
destinations: { hook: { webhook: { url: "http://127.0.0.1:9/" } } }
rules:
  - { name: left, ring: { namespace: data }, on: [left], notify: [hook] }
`);
  writeFileSync(site.kubeconfigPath, `users:\n- user: { token: "${VALUE.bearer}"\n  : [`);
  const { code, stdout, stderr } = await runToEnd({ args: [...site.runArguments, "--log-level", "debug"] });
  expect(code).toBe(1);
  expect(stderr).toContain(site.kubeconfigPath);
  expect(found({ stdout, stderr })).toEqual([]);
});

test.concurrent("no literal secret of a bad rules file occurs in the message", async () => {
  await using site = await RingbellSite.open();
  site.writeRules(`
version: 1
destinations:
  a: { slack: { webhookUrl: "https://hooks.slack.com/services/${VALUE.slackPath}" } }
  b: { pagerduty: { routingKey: ${VALUE.routingKey} } }
  c: { webhook: { url: "http://user:${VALUE.hookPassword}@127.0.0.1/", signingSecret: whsec_${VALUE.signing} } }
rules: []
`);
  for (const args of [site.runArguments, ["check", site.rulesPath]]) {
    const { code, stdout, stderr } = await runToEnd({ args });
    expect(code).toBe(2);
    expect(found({ stdout, stderr })).toEqual([]);
  }
});

/** Which value stands where: as it is, as base64, percent-encoded, or escaped as in JSON. */
function found(places: Readonly<Record<string, string>>): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    Object.entries(VALUE)
      .filter(([, value]) => forms(value).some((form) => text.includes(form)))
      .map(([name]) => `${name} in ${place}`),
  );
}

function forms(value: string): string[] {
  const decoded = Buffer.from(value, "base64").toString("latin1");
  return [
    value,
    encodeURIComponent(value),
    Buffer.from(value).toString("base64").replace(/=+$/, ""),
    decoded,
  ];
}
