import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Silence } from "../../src/alerts/silence.ts";
import { SilenceBook, SILENCES_MAX } from "../../src/alerts/silence-book.ts";
import { Secret, SecretMissingError, secretSource } from "../../src/runtime/secret.ts";
import { type ApiRequest, isLocalRequest } from "../../src/server/api.ts";
import { type OpsServer, startOpsServer } from "../../src/server/ops-server.ts";
import { silenceApi, type SilenceDesk } from "../../src/server/silence-api.ts";
import { type ApiToken, apiTokenFrom } from "../../src/server/write-access.ts";

const NOW_MS = Date.parse("2026-12-01T20:00:00Z");
const TOKEN = "correct-horse-battery-staple";

let nowMs: number;
let book: SilenceBook;
let token: ApiToken;
let server: OpsServer;

const desk: SilenceDesk = {
  silences: () => book.list(nowMs),
  addSilence: (silence: Silence) => book.add(silence, nowMs),
  expireSilence: (id) => book.expire(id, nowMs),
};

beforeEach(async () => {
  nowMs = NOW_MS;
  book = new SilenceBook([]);
  token = () => undefined;
  let ids = 0;
  const api = silenceApi({ desk, token: () => token(), now: () => nowMs, newId: () => `id-${++ids}` });
  server = await startOpsServer(
    { notReady: () => [], metrics: async () => ({ contentType: "text/plain", body: "" }), api },
    { host: "127.0.0.1", port: 0 },
  );
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: unknown;
}

/** Headers that `fetch` would not let a test set, such as Host, must go through too. */
function ask(
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const text = typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body);
  const type = text === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: server.host, port: server.port, method, path, headers: { ...type, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString();
          const json: unknown =
            answer.startsWith("{") || answer.startsWith("[") ? JSON.parse(answer) : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, json });
        });
      },
    );
    sent.on("error", reject);
    sent.end(text);
  });
}

const asked = {
  matchers: [{ name: "rule", value: "pod-left-ring" }],
  author: "ann",
  reason: "upgrade",
  for: "2h",
};
const add = (body: unknown = asked, headers: Record<string, string> = {}) =>
  ask("POST", "/api/v1/silences", { body, headers });

describe("the API of silences", () => {
  test("adds a silence, shows it, ends it", async () => {
    const added = await add();
    expect(added.status).toBe(201);
    expect(added.headers["location"]).toBe("/api/v1/silences/id-1");
    const silence = {
      id: "id-1",
      state: "active",
      matchers: asked.matchers,
      author: "ann",
      reason: "upgrade",
      startsAt: "2026-12-01T20:00:00.000Z",
      endsAt: "2026-12-01T22:00:00.000Z",
      createdAt: "2026-12-01T20:00:00.000Z",
    };
    expect(added.json).toEqual(silence);
    expect((await ask("GET", "/api/v1/silences")).json).toEqual([silence]);
    expect((await ask("GET", "/api/v1/silences/id-1")).json).toEqual(silence);

    nowMs += 60_000;
    const ended = await ask("DELETE", "/api/v1/silences/id-1");
    expect(ended.status).toBe(200);
    const expired = {
      state: "expired",
      expiredAt: "2026-12-01T20:01:00.000Z",
      endsAt: "2026-12-01T20:01:00.000Z",
    };
    expect(ended.json).toEqual({ ...silence, ...expired });
    nowMs += 60_000;
    expect((await ask("DELETE", "/api/v1/silences/id-1")).json).toMatchObject(expired);
  });

  test("takes a beginning and an end", async () => {
    const { for: _, ...rest } = asked;
    const times = { startsAt: "2026-12-01T23:00:00+01:00", endsAt: "2026-12-02T06:00:00Z" };
    expect((await add({ ...rest, ...times })).json).toMatchObject({
      state: "pending",
      startsAt: "2026-12-01T22:00:00.000Z",
      endsAt: "2026-12-02T06:00:00.000Z",
    });
    // What begins in the past begins now; a duration counts from the beginning.
    expect((await add({ ...asked, startsAt: "2020-01-01T00:00:00Z" })).json).toMatchObject({
      state: "active",
      startsAt: "2026-12-01T20:00:00.000Z",
      endsAt: "2026-12-01T22:00:00.000Z",
    });
  });

  test.each<[string, unknown, string]>([
    ["a list", [], "the body: invalid input: expected object, received array"],
    ["no matchers", { ...asked, matchers: [] }, '"matchers" must hold at least one'],
    [
      "a matcher of an unknown name",
      { ...asked, matchers: [{ name: "rulr", value: "x" }] },
      '"matchers[0]": unknown matcher name "rulr", did you mean "rule"?',
    ],
    ["a matcher without value", { ...asked, matchers: [{ name: "rule" }] }, '"matchers[0].value"'],
    ["a matcher with more", { ...asked, matchers: [{ name: "rule", value: "x", regex: true }] }, "regex"],
    ["an unknown key", { ...asked, comment: "x" }, "comment"],
    ["no reason", { ...asked, reason: " " }, '"reason" must say why: others will ask'],
    ["no author", { ...asked, author: "" }, '"author" must say who asks'],
    ["no end", { ...asked, for: undefined }, 'exactly one of "endsAt" and "for" must be there'],
    [
      "two ends",
      { ...asked, endsAt: "2026-12-02T00:00:00Z" },
      'exactly one of "endsAt" and "for" must be there',
    ],
    [
      "an end in the past",
      { ...asked, for: undefined, endsAt: "2026-12-01T20:00:00Z" },
      '"endsAt" must be later than 2026-12-01T20:00:00.000Z',
    ],
    ["no length", { ...asked, for: "0s" }, '"for" must be longer than 0s'],
    ["years", { ...asked, for: undefined, endsAt: "2028-01-01T00:00:00Z" }, "must end within a year"],
    [
      "a bad duration",
      { ...asked, for: "2 hours" },
      '"for" must be a duration such as 90s, 5m or 1h30m: it contains a space',
    ],
    [
      "a time without zone",
      { ...asked, for: undefined, endsAt: "2026-12-02T00:00:00" },
      '"endsAt" must be a time in RFC 3339',
    ],
  ])("refuses %s and says why", async (_, body, issue) => {
    const { status, json } = await add(body);
    expect(status).toBe(400);
    expect(json).toEqual({ error: "this is no silence", issues: [expect.stringContaining(issue)] });
    expect(book.list(nowMs)).toEqual([]);
  });

  test("refuses what is no JSON, says it is none, or is too large", async () => {
    expect(await ask("POST", "/api/v1/silences", { body: "{" })).toMatchObject({ status: 400 });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
      expect(await add(asked, { "content-type": type })).toMatchObject({ status: 415 });
    }
    expect((await add(asked, { "content-type": "application/json; charset=utf-8" })).status).toBe(201);
    const large = (bytes: number) => add({ ...asked, reason: "x".repeat(bytes) });
    expect((await large(64 * 1024)).status).toBe(413);
    expect((await large(60 * 1024)).status).toBe(400);
    const chunked = add({ ...asked, reason: "x".repeat(65 * 1024) }, { "transfer-encoding": "chunked" });
    expect((await chunked).status).toBe(413);
  });

  test("answers what it does not serve", async () => {
    for (const [method, path, status, allow] of [
      ["PUT", "/api/v1/silences", 405, "GET, HEAD, POST"],
      ["DELETE", "/api/v1/silences", 405, "GET, HEAD, POST"],
      ["POST", "/api/v1/silences/id-1", 405, "DELETE, GET, HEAD"],
      ["GET", "/api/v1/silences/id-1", 404, undefined],
      ["DELETE", "/api/v1/silences/id-1", 404, undefined],
      ["GET", "/api/v1/silences/id-1/more", 404, undefined],
      ["GET", "/api/v2/silences", 404, undefined],
    ] as const) {
      const answer = await ask(method, path);
      expect([answer.status, answer.headers["allow"]], `${method} ${path}`).toEqual([status, allow]);
      expect(answer.json).toHaveProperty("error");
      expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    }
    const head = await ask("HEAD", "/api/v1/silences?x=1");
    expect([head.status, head.text]).toEqual([200, ""]);
    expect((await ask("GET", "/healthz")).text).toBe("ok\n");
  });

  test("takes no more than a thousand", async () => {
    for (let index = 0; index < SILENCES_MAX; index++) {
      const times = { startsAtMs: 0, endsAtMs: NOW_MS * 2, createdAtMs: 0 };
      book.add({ id: `s${index}`, matchers: [], author: "a", reason: "r", ...times }, nowMs);
    }
    expect(await add()).toMatchObject({ status: 409, json: { error: expect.stringContaining("1000") } });
  });
});

describe("who may write", () => {
  const elsewhere = { "x-forwarded-for": "10.0.0.9" };
  const writes = async (headers: Record<string, string>): Promise<number[]> => [
    (await add(asked, headers)).status,
    (await ask("DELETE", "/api/v1/silences/none", { headers })).status,
  ];

  test("is whoever is on this machine, and nobody else, without a token", async () => {
    expect(await writes({})).toEqual([201, 404]);
    expect(await writes(elsewhere)).toEqual([403, 403]);
    expect((await ask("GET", "/api/v1/silences", { headers: elsewhere })).status).toBe(200);
  });

  test("is whoever has the token", async () => {
    token = () => new Secret(TOKEN);
    expect(await writes({ ...elsewhere, authorization: `Bearer ${TOKEN}` })).toEqual([201, 404]);
    expect(await writes({ ...elsewhere, authorization: `bearer ${TOKEN}` })).toEqual([201, 404]);
    for (const authorization of ["", "Bearer", `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, "Bearer x"]) {
      const answer = await add(asked, { ...elsewhere, ...(authorization && { authorization }) });
      expect(answer.status, authorization).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe('Bearer realm="ringbell"');
      expect(answer.text).not.toContain(TOKEN);
    }
    expect(await writes({})).toEqual([201, 404]);
  });

  test("is nobody who gives a wrong one, from here neither", async () => {
    token = () => new Secret(TOKEN);
    expect(await writes({ authorization: "Bearer wrong" })).toEqual([401, 401]);
    token = () => undefined;
    expect(await writes({ authorization: "Bearer wrong" })).toEqual([403, 403]);
  });

  test("is nobody from elsewhere while the token cannot be read", async () => {
    token = () => {
      throw new SecretMissingError("Cannot read secret: file /x (ENOENT)");
    };
    expect(await writes(elsewhere)).toEqual([503, 503]);
    expect(await writes({})).toEqual([201, 404]);
  });

  test("have a token from a file, else from the environment, read anew each time", () => {
    const env = { RINGBELL_API_TOKEN: "from-env" };
    let content = "one\n";
    const readSecret = secretSource(env, () => content);
    const ofFile = apiTokenFrom("/etc/token", env, readSecret);
    expect(ofFile()?.reveal()).toBe("one");
    content = "two";
    expect(ofFile()?.reveal()).toBe("two");
    content = "";
    expect(ofFile).toThrow(SecretMissingError);
    expect(apiTokenFrom(undefined, env, readSecret)()?.reveal()).toBe("from-env");
    expect(apiTokenFrom(undefined, {}, readSecret)()).toBeUndefined();
    expect(apiTokenFrom(undefined, { RINGBELL_API_TOKEN: "" }, readSecret)()).toBeUndefined();
  });

  test("is no web page: neither by a name that resolves to this machine, nor by a form", async () => {
    expect((await add(asked, { host: "evil.example:8080" })).status).toBe(403);
    expect((await add(asked, { host: "localhost:8080" })).status).toBe(201);
    expect((await add(asked, { "content-type": "text/plain" })).status).toBe(415);
  });

  test.each<[string | undefined, string | undefined, boolean]>([
    ["127.0.0.1", "127.0.0.1:8080", true],
    ["127.1.2.3", "localhost", true],
    ["::1", "[::1]:8080", true],
    ["::ffff:127.0.0.1", "LOCALHOST:1", true],
    ["10.0.0.1", "127.0.0.1", false],
    ["::ffff:10.0.0.1", "localhost", false],
    ["127.0.0.1", "127.0.0.1.evil.example", false],
    ["127.0.0.1", undefined, false],
    [undefined, "localhost", false],
  ])("from %s to %s is local: %s", (remoteAddress, host, expected) => {
    const request: ApiRequest = { method: "POST", path: "/", headers: { host }, remoteAddress, body: "" };
    expect(isLocalRequest(request)).toBe(expected);
  });
});
