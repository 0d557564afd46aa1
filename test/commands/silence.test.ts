import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SilenceBook } from "../../src/alerts/silence-book.ts";
import {
  type AddSilence,
  addSilence,
  expireSilence,
  listSilences,
  type SilenceIo,
} from "../../src/commands/silence.ts";
import { silenceClient } from "../../src/commands/silence-client.ts";
import { Secret } from "../../src/runtime/secret.ts";
import { type OpsServer, startOpsServer } from "../../src/server/ops-server.ts";
import { silenceApi } from "../../src/server/silence-api.ts";

const NOW_MS = Date.parse("2026-12-01T20:00:00Z");

let book: SilenceBook;
let server: OpsServer;
let out: string;
let err: string;

beforeEach(async () => {
  [out, err] = ["", ""];
  book = new SilenceBook([]);
  let ids = 0;
  const api = silenceApi({
    desk: {
      silences: () => book.list(NOW_MS),
      addSilence: (silence) => book.add(silence, NOW_MS),
      expireSilence: (id) => book.expire(id, NOW_MS),
    },
    token: () => new Secret("right"),
    now: () => NOW_MS,
    newId: () => `id-${++ids}`,
  });
  const source = { notReady: () => [], metrics: async () => ({ contentType: "text/plain", body: "" }) };
  server = await startOpsServer({ ...source, api }, { host: "127.0.0.1", port: 0 });
});
afterEach(() => server.close());

function io({
  token,
  port = server.port,
  json = false,
}: { token?: string; port?: number; json?: boolean } = {}): SilenceIo {
  const url = new URL(`http://127.0.0.1:${port}`);
  return {
    client: silenceClient({ fetch, url, token: token === undefined ? undefined : new Secret(token) }),
    writeOut: (text) => void (out += text),
    writeError: (text) => void (err += text),
    nowMs: NOW_MS,
    json,
  };
}

const asked: AddSilence = {
  matchers: ["rule=pod-left-ring", "namespace!=data", "service=cass*"],
  for: "2h",
  reason: "upgrade to 5.0",
  author: "ann",
};

describe("ringbell silence", () => {
  test("adds, lists and expires", async () => {
    expect(await addSilence(asked, io())).toBe(0);
    expect(out).toBe("id-1 active until 2026-12-01T22:00:00Z\n");
    out = "";
    expect(await listSilences(io(), false)).toBe(0);
    const [heading, row] = out.split("\n").map((line) => line.split(/ {2,}/));
    expect(heading).toEqual(["ID", "STATE", "ENDS", "MATCHERS", "AUTHOR", "REASON"]);
    const matchers = "rule=pod-left-ring namespace!=data service=cass*";
    expect(row).toEqual([
      "id-1",
      "active",
      "2026-12-01T22:00:00Z (in 2h)",
      matchers,
      "ann",
      "upgrade to 5.0",
    ]);
    expect(
      out
        .split("\n")
        .map((line) => line.search(/MATCHERS|rule=/))
        .slice(0, 2),
    ).toEqual([44, 44]);
    out = "";
    expect(await expireSilence("id-1", io())).toBe(0);
    expect(out).toBe("id-1 expired\n");
    out = "";
    await listSilences(io(), false);
    expect(out).toBe("no silences\n");
    out = "";
    await listSilences(io(), true);
    expect(out).toContain("id-1  expired  2026-12-01T20:00:00Z  rule=");
    expect(err).toBe("");
  });

  test("takes times instead of a duration", async () => {
    const { for: _, ...rest } = asked;
    const times = { start: "2026-12-01T21:00:00Z", until: "2026-12-02T06:00:00+01:00" };
    expect(await addSilence({ ...rest, ...times }, io())).toBe(0);
    expect(out).toBe("id-1 pending until 2026-12-02T05:00:00Z\n");
  });

  test("prints JSON where that is asked for", async () => {
    await addSilence(asked, io({ json: true }));
    expect(JSON.parse(out)).toMatchObject({ id: "id-1", author: "ann" });
    out = "";
    await listSilences(io({ json: true }), false);
    expect(JSON.parse(out)).toMatchObject([{ id: "id-1" }]);
  });

  test.each<[Partial<AddSilence>, string]>([
    [{ matchers: ["rule"] }, '"rule" is no matcher: wanted NAME=VALUE or NAME!=VALUE, as in service=cass*'],
    [{ matchers: ["rul=x"] }, 'unknown matcher name "rul", did you mean "rule"?'],
    [{ for: undefined }, "exactly one of --for and --until is needed"],
    [{ until: "2026-12-02T06:00:00Z" }, "exactly one of --for and --until is needed"],
    [{ for: "2" }, '--for wants a duration such as 2h or 1h30m, not "2": 2 has no unit'],
    [
      { for: undefined, until: "tomorrow" },
      '--until wants a time with its zone, such as 2026-12-01T20:00:00Z, not "tomorrow"',
    ],
    [
      { start: "2026-12-01T20:00" },
      '--start wants a time with its zone, such as 2026-12-01T20:00:00Z, not "2026-12-01T20:00"',
    ],
  ])("calls %j bad usage, without asking anybody", async (wrong, message) => {
    expect(await addSilence({ ...asked, ...wrong }, io({ port: 1 }))).toBe(2);
    expect(err).toBe(`Cannot add a silence: ${message}\n`);
  });

  test("says what Ringbell found wrong", async () => {
    expect(await addSilence({ ...asked, reason: " " }, io())).toBe(1);
    expect(err).toBe(
      `Cannot add a silence at http://127.0.0.1:${server.port}: this is no silence\n  "reason" must say why: others will ask\n`,
    );
    err = "";
    expect(await expireSilence("gone", io())).toBe(1);
    expect(err).toContain("there is no silence with the id gone");
  });

  test("says how to give a token, and never shows one", async () => {
    expect(await addSilence(asked, io({ token: "wrong-token" }))).toBe(1);
    expect(err).toBe(
      `Cannot add a silence at http://127.0.0.1:${server.port}: this is not the API token; give it with --token-file or RINGBELL_API_TOKEN\n`,
    );
    expect(await addSilence(asked, io({ token: "right" }))).toBe(0);
  });

  test("says that nobody is there, and what to look at", async () => {
    const { port } = server;
    await server.close();
    for (const code of [await listSilences(io({ port }), false), await addSilence(asked, io({ port }))])
      expect(code).toBe(1);
    expect(err).toContain(
      `Cannot list silences at http://127.0.0.1:${port}: ECONNREFUSED; is Ringbell running`,
    );
    expect(err).toContain("kubectl port-forward");
    server = await startOpsServer(
      { notReady: () => [], metrics: async () => ({ contentType: "", body: "" }) },
      { host: "127.0.0.1", port: 0 },
    );
    err = "";
    expect(await listSilences(io(), false)).toBe(1);
    expect(err).toContain("HTTP 404, and not as Ringbell answers");
  });

  test("shows no control characters of somebody else's reason", async () => {
    await addSilence({ ...asked, reason: "a\u001b[2Jb\nc" }, io());
    out = "";
    await listSilences(io(), false);
    expect(out).not.toContain("\u001b");
    expect(out.split("\n")).toHaveLength(3);
  });
});
