import { once } from "node:events";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { send, type SendCommandOptions } from "../../src/commands/send.ts";
import { destinationKinds } from "../../src/destinations/registry.ts";
import { createSender, type SenderOptions } from "../../src/destinations/send.ts";
import { formatProblems } from "../../src/rules/format-problems.ts";
import { loadRules, type RulesFile } from "../../src/rules/load-rules.ts";
import { seededRandom } from "../../src/runtime/random.ts";
import { secretSource } from "../../src/runtime/secret.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type Receiver, startReceiver } from "../../src/simulator/receiver.ts";
import type { ReceiverAnswer, ReceiverKind } from "../../src/simulator/receiver-answers.ts";
import { TEST_CERTIFICATES } from "../support/test-certificates.ts";

const clock = new VirtualClock(Date.UTC(2026, 0, 1));
const KEY = "0123456789abcdef0123456789abcdef";

function rulesFile(hookUrl: string): RulesFile {
  const text = `version: 1
destinations:
  team: { slack: { webhookUrl: { env: SLACK } } }
  on-call: { pagerduty: { routingKey: { env: KEY }, url: "${hookUrl}" } }
  hook: { webhook: { url: "${hookUrl}", retryFor: 15m } }
  unset: { slack: { webhookUrl: { env: NOT_SET } } }
rules:
  - name: below-quorum
    ring: { namespace: data, service: cassandra }
    when: { readyBelow: 3 }
    labels: { team: data }
    runbook: https://runbooks.example.com/quorum
    notify: [team, on-call, hook, unset]
`;
  const loaded = loadRules(text, "rules.yaml", destinationKinds);
  if (!loaded.ok) throw new Error(formatProblems(loaded.problems, false));
  return loaded.file;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Given extends Partial<SendCommandOptions> {
  readonly url?: string;
  readonly senderOptions?: SenderOptions;
}

async function run(destination: string, given: Given = {}): Promise<Ran> {
  const { url = "http://127.0.0.1:9/v2/enqueue", senderOptions = {}, ...options } = given;
  let out = "";
  let err = "";
  const sender = createSender(senderOptions);
  const code = await send({
    file: rulesFile(url),
    kinds: destinationKinds,
    destination,
    rule: undefined,
    retry: false,
    sender,
    readSecret: secretSource({ SLACK: url, KEY }, () => ""),
    clock,
    random: seededRandom(1),
    nonce: "one",
    proxied: false,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stop: new AbortController().signal,
    ...options,
  });
  await sender.close();
  return { code, out: out.replaceAll(/:\d{4,5}\b/g, ":PORT").replaceAll(/msg_[\w-]{27}/g, "ID"), err };
}

let receiver: Receiver | undefined;
afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

async function receiving(kind: ReceiverKind, answer?: ReceiverAnswer): Promise<Receiver> {
  receiver = await startReceiver({ kind, clock });
  if (answer) receiver.answerNext(1, answer);
  return receiver;
}

describe("ringbell send to who takes it", () => {
  test.each([
    ["team", "slack", 200, ""],
    [
      "on-call",
      "pagerduty",
      202,
      "Hint      PagerDuty has opened an incident of severity info for it: resolve it there\n",
    ],
    ["hook", "webhook", 204, ""],
  ] as const)("%s: says so, and exits 0", async (name, kind, status, hint) => {
    const { url, received } = await receiving(kind);
    expect(await run(name, { url })).toEqual({
      code: 0,
      err: "",
      out: `Sent a test to ${name} (${kind}) at 127.0.0.1:PORT
Answer    HTTP ${status}, in 0 ms
Id        ID
Outcome   delivered
${hint}`,
    });
    expect(received).toHaveLength(1);
    expect(received[0]?.body).toContain("This is a test: nothing has happened");
  });

  test("a webhook gets the kind test, and with --rule what the rule adds", async () => {
    const { url, received } = await receiving("webhook");
    await run("hook", { url, rule: "below-quorum" });
    expect(received[0]?.json).toMatchObject({
      kind: "test",
      rule: "below-quorum",
      severity: "info",
      ring: { key: "data/cassandra", source: "endpointslices" },
      labels: { team: "data" },
      runbook: "https://runbooks.example.com/quorum",
    });
  });

  test("two tests have two ids", async () => {
    const { url, received } = await receiving("webhook");
    await run("hook", { url, nonce: "one" });
    await run("hook", { url, nonce: "two" });
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("ringbell send to who does not take it", () => {
  test.each([
    [
      "team",
      "slack",
      { status: 403, body: "invalid_token" },
      "HTTP 403 (invalid_token)",
      "refused (unauthorized)",
      "copy the URL again",
    ],
    [
      "team",
      "slack",
      { status: 404, body: "no_service" },
      "HTTP 404 (no_service)",
      "refused (gone)",
      "make a new one",
    ],
    [
      "team",
      "slack",
      { status: 404, body: "nginx" },
      "HTTP 404,",
      "refused (notFound)",
      "copy the whole URL again",
    ],
    [
      "on-call",
      "pagerduty",
      { status: 400, body: { errors: ["routing_key"] } },
      "HTTP 400 (PagerDuty does not know the routing key)",
      "refused (unauthorized)",
      "integration key",
    ],
    [
      "on-call",
      "pagerduty",
      { status: 429 },
      "HTTP 429,",
      "tried again (rateLimited) for up to 1d, as asked not before 30s have passed",
      "too many requests",
    ],
    ["hook", "webhook", { status: 401 }, "HTTP 401,", "refused (unauthorized)", "checks the signature"],
    [
      "hook",
      "webhook",
      { status: 302, headers: { location: "/" } },
      "HTTP 302,",
      "refused (redirect)",
      "configure the URL",
    ],
    [
      "hook",
      "webhook",
      { status: 503 },
      "HTTP 503,",
      "tried again (serverError) for up to 15m\n",
      "look at its log",
    ],
    ["hook", "webhook", { status: 413 }, "HTTP 413,", "refused (tooLarge)", "shorter"],
  ] as const)("%s: %s %j", async (name, kind, planned, answer, outcome, hint) => {
    const { url } = await receiving(kind, planned);
    const { code, out } = await run(name, { url });
    expect(code).toBe(1);
    expect(out).toContain(`Sent a test to ${name} (${kind}) at 127.0.0.1:PORT\n`);
    expect(out).toContain(`Answer    ${answer}`);
    expect(out).toContain(`Outcome   would be ${outcome}`);
    expect(out).toMatch(new RegExp(`Hint      .*${hint}`));
  });

  test("an answer's own words are not repeated, since they may repeat a secret", async () => {
    const { url } = await receiving("webhook", { status: 400, body: "you sent hunter2" });
    expect((await run("hook", { url })).out).not.toContain("hunter2");
  });

  test("nobody listens there", async () => {
    const { url } = await receiving("webhook");
    await receiver?.close();
    const { code, out } = await run("hook", { url });
    expect(code).toBe(1);
    expect(out).toContain(
      "Cannot send a test to hook (webhook) at 127.0.0.1:PORT\nProblem   Cannot send to 127.0.0.1:PORT",
    );
    expect(out).toContain("ECONNREFUSED\n");
    expect(out).toContain(
      "would be tried again (network) for up to 15m\nHint      nothing listens on that port\n",
    );
  });

  test("a name that is not known", async () => {
    const resolve: SenderOptions["resolve"] = (_host, _options, callback) =>
      callback(Object.assign(new Error("no"), { code: "ENOTFOUND" }), []);
    const { out } = await run("hook", {
      url: "http://hooks.example.invalid/secret-path",
      senderOptions: { resolve },
    });
    expect(out).toContain("at hooks.example.invalid\n");
    expect(out).toContain("would be tried again (dns)");
    expect(out).toContain("Hint      the host's name is not known here");
    expect(out).not.toContain("secret-path");
  });

  test("a proxy is named where it may be what fails", async () => {
    const { url } = await receiving("webhook");
    await receiver?.close();
    const { out } = await run("hook", { url, proxied: true });
    expect(out).toContain("nothing listens on that port; requests go through the proxy of HTTP_PROXY");
  });

  test("plain http where https is wanted", async () => {
    const { url } = await receiving("webhook");
    const { out } = await run("hook", { url: url.replace("http:", "https:") });
    expect(out).toContain("would be tried again (tls)");
    expect(out).toContain("the URL must begin with http://");
  });

  test("a certificate that nobody trusts", async () => {
    const server = createTlsServer(TEST_CERTIFICATES.one, (_request, response) => response.end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { out } = await run("hook", { url: `https://127.0.0.1:${port}/` });
    expect(out).toContain("would be tried again (tls)");
    expect(out).toContain("NODE_EXTRA_CA_CERTS");
  });

  test("no answer in time", async () => {
    const { url, hold } = await receiving("webhook");
    hold();
    const { out } = await run("hook", { url, senderOptions: { timeoutMs: 20 } });
    expect(out).toContain("would be tried again (timeout)");
    expect(out).toContain("Hint      no answer came in time");
  });

  test("an address that is never talked to", async () => {
    const { code, out } = await run("hook", { url: "http://169.254.169.254/latest" });
    expect(code).toBe(1);
    expect(out).toContain("would be refused (blockedAddress)");
    expect(out).toContain("give the receiver another address");
  });

  test("a secret that is not there", async () => {
    const { code, out } = await run("unset");
    expect(code).toBe(1);
    expect(out).toContain(
      "Cannot send a test to unset (slack)\nProblem   Cannot read secret: environment variable NOT_SET is not set\n",
    );
    expect(out).toContain("would be tried again (notConfigured) for up to 6h\nHint      set the variable");
  });
});

describe("ringbell send, asked wrongly", () => {
  test("of a destination that is not in the file, names the nearest, and exits 2", async () => {
    expect(await run("on-cal")).toMatchObject({
      code: 2,
      out: "",
      err: 'Cannot send a test: the rules file has no destination "on-cal", did you mean "on-call"?\n',
    });
  });

  test("of a rule that is not in the file, lists those that are", async () => {
    expect((await run("hook", { rule: "xyz" })).err).toBe(
      'Cannot send a test: the rules file has no rule "xyz": there are below-quorum\n',
    );
  });
});

describe("ringbell send --retry", () => {
  test("goes on until it is taken", async () => {
    const { url, waitFor } = await receiving("webhook");
    receiver?.answerNext(2, { status: 503 });
    const running = run("hook", { url, retry: true });
    for (const count of [1, 2]) {
      await waitFor(count);
      // The answer is on its way; the next try waits for the clock.
      while (clock.nextTimerMs() === undefined) await new Promise((resolve) => setImmediate(resolve));
      clock.advanceTo(clock.nextTimerMs() ?? 0);
    }
    const { code, out } = await running;
    expect(code).toBe(0);
    expect(out.match(/would be tried again/g)).toHaveLength(2);
    expect(out).toMatch(/Outcome {3}delivered\n$/);
  });

  test("ends at a refusal", async () => {
    const { url } = await receiving("webhook", { status: 410 });
    const { code, out } = await run("hook", { url, retry: true });
    expect(code).toBe(1);
    expect(out).toMatch(/Dead {6}gone\n$/);
  });

  test("ends when the user stops it", async () => {
    const stop = new AbortController();
    const { code, out } = await run("hook", { retry: true, stop: stop.signal, sender: stopping(stop) });
    expect(code).toBe(1);
    expect(out).toContain("Stopped: nothing is left to be sent\n");
  });
});

/** Answers 503, and then the user presses Ctrl-C. */
function stopping(stop: AbortController): SendCommandOptions["sender"] {
  return {
    send: () => {
      setImmediate(() => stop.abort());
      return Promise.resolve({ status: 503, headers: {}, body: "" });
    },
    close: () => Promise.resolve(),
  };
}
