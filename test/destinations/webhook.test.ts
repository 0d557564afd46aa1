import { describe, expect, test } from "vitest";
import { webhook } from "../../src/destinations/webhook.ts";
import type { HttpRequest } from "../../src/destinations/destination.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { fireNotice } from "../support/notices.ts";

const url = "https://jobs.example/x";

function issuesOf(config: object): readonly string[] {
  const parsed = webhook.schema.safeParse(config);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function requestOf(config: object, nowMs = 1_700_000_000_999, secret = "s".repeat(32)): HttpRequest {
  return webhook.toRequest(fireNotice(), webhook.schema.parse(config), {
    deliveryId: "msg_1",
    nowMs,
    readSecret: () => new Secret(secret),
  });
}

test("without more than a URL it is an unsigned POST with the delivery's id", () => {
  const { method, headers, timeoutMs } = requestOf({ url });
  expect({ method, timeoutMs }).toEqual({ method: "POST", timeoutMs: undefined });
  expect(headers).toEqual({
    "content-type": "application/json",
    "user-agent": expect.stringMatching(/^ringbell\//),
    "idempotency-key": "msg_1",
    "webhook-id": "msg_1",
    "webhook-timestamp": "1700000000",
  });
});

test("the timestamp is that of the attempt, and the signature follows it", () => {
  const config = { url, signingSecret: { env: "S" } };
  const [first, again, later] = [requestOf(config, 1000), requestOf(config, 1999), requestOf(config, 2000)];
  expect(later.headers["webhook-timestamp"]).toBe("2");
  expect(again.headers["webhook-signature"]).toBe(first.headers["webhook-signature"]);
  expect(later.headers["webhook-signature"]).not.toBe(first.headers["webhook-signature"]);
});

test("during rotation there are two signatures, the current one first", () => {
  const both = requestOf({ url, signingSecret: { env: "S" }, previousSigningSecret: { env: "P" } }).headers[
    "webhook-signature"
  ];
  expect(both).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
});

test("configured method, headers and timeout are used", () => {
  const request = requestOf(
    {
      url: { env: "U" },
      method: "PUT",
      timeout: "15s",
      headers: { "Content-Type": "application/x-ringbell+json", "X-Token": { env: "T" } },
    },
    0,
    "https://jobs.example/secret",
  );
  expect(request).toMatchObject({ method: "PUT", timeoutMs: 15_000 });
  expect(request.url).toBeInstanceOf(Secret);
  expect(request.headers["x-token"]).toBeInstanceOf(Secret);
  expect(request.headers["content-type"]).toBe("application/x-ringbell+json");
});

describe("the configuration", () => {
  test.each([
    "webhook-id",
    "Webhook-Signature",
    "webhook-anything",
    "host",
    "Host",
    "content-length",
    "Transfer-Encoding",
    "connection",
    "idempotency-key",
  ])("cannot set the header %s", (name) => {
    expect(issuesOf({ url, headers: { [name]: "x" } })).toEqual([
      `headers.${name}: header ${name.toLowerCase()} is set by Ringbell itself`,
    ]);
  });

  test.each(["", "a b", "a:b", "ä", "a\r\nb"])("cannot name a header %j", (name) => {
    expect(issuesOf({ url, headers: { [name]: "x" } })).toEqual([
      expect.stringContaining("is not a header name"),
    ]);
  });

  test.each(["a\r\nx-evil: 1", "a\nb", "a\u0000", "a\u007f", "日本"])(
    "cannot give a header the value %j",
    (value) => {
      expect(issuesOf({ url, headers: { "x-a": value } })).toEqual([
        expect.stringContaining("cannot send this value"),
      ]);
    },
  );

  test.each(["", "plain", "tab\tand space", "latin-1: é"])("can give a header the value %j", (value) => {
    expect(issuesOf({ url, headers: { "x-a": value } })).toEqual([]);
  });

  test("cannot set one header twice by spelling it differently", () => {
    expect(issuesOf({ url, headers: { "X-A": "1", "x-a": "2" } })).toEqual([
      "headers.x-a: header x-a stands here twice",
    ]);
  });

  test.each([
    ["999ms", 1],
    ["1s", 0],
    ["1m", 0],
    ["61s", 1],
    ["soon", 1],
  ])("takes the timeout %s with %i issues", (timeout, count) => {
    expect(issuesOf({ url, timeout })).toHaveLength(count);
  });

  test.each([
    [{}, "url"],
    [{ url: "ftp://x/" }, "url"],
    [{ url: "jobs" }, "url"],
    [{ url, method: "GET" }, "method"],
    [{ url, signingSecret: "written-out-in-the-rules-file" }, "signingSecret"],
    [{ url, headers: { a: 1 } }, "headers.a"],
  ])("%j has an issue at %s", (config, path) => {
    expect(issuesOf(config)).toEqual([expect.stringMatching(`^${path}: `)]);
  });
});

describe("a secret that is not fit for its use", () => {
  test.each([
    [
      { url: { env: "U" } },
      "nonsense",
      "Cannot use webhook.url: environment variable U does not hold an http or https URL",
    ],
    [
      { url, headers: { "X-T": { file: "/t" } } },
      "a\r\nb",
      "Cannot send header x-t from file /t: it holds line breaks",
    ],
    [{ url, signingSecret: { env: "S" } }, "short", "Cannot sign with signingSecret: 5 bytes are too few"],
  ])("in %j is told", (config, secret, message) => {
    expect(() => requestOf(config, 0, secret)).toThrow(message);
  });
});
