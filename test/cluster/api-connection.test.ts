import { once } from "node:events";
import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createSecureServer } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { brotliCompressSync, createGzip, deflateSync, gzipSync } from "node:zlib";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, describe, expect, test } from "vitest";
import { type ApiConnection, createApiConnection } from "../../src/cluster/api-connection.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import {
  type Answer,
  bookmark,
  hang,
  json,
  ScriptedApi,
  stream,
  streamAndBreak,
  streamAndEnd,
  until,
} from "../support/scripted-api.ts";
import { TEST_CERTIFICATES } from "../support/test-certificates.ts";
import { turns } from "../support/turns.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const NEVER = new AbortController().signal;
const LIMITS = { signal: NEVER, timeoutMs: 30_000 };

interface Config {
  server: string;
  token?: string;
  ca?: string;
  proxyUrl?: string;
}

/** A connection that loads its kubeconfig from `config` as it is at that moment. */
function open(config: Config, clock = new VirtualClock(0)): ApiConnection & { loads: () => number } {
  let loads = 0;
  const loadKubeConfig = (): KubeConfig => {
    loads++;
    const kubeConfig = new KubeConfig();
    const caData = config.ca === undefined ? {} : { caData: Buffer.from(config.ca).toString("base64") };
    const proxy = config.proxyUrl === undefined ? {} : { proxyUrl: config.proxyUrl };
    const plain = config.server.startsWith("http:");
    kubeConfig.loadFromClusterAndUser(
      { name: "c", server: config.server, skipTLSVerify: plain, ...caData, ...proxy },
      { name: "u", ...(config.token === undefined ? {} : { token: config.token }) },
    );
    return kubeConfig;
  };
  const connection = createApiConnection({ loadKubeConfig, clock, version: "1.2.3" });
  cleanups.push(() => connection.close());
  return Object.assign(connection, { loads: () => loads });
}

async function startApi(): Promise<ScriptedApi> {
  const api = await ScriptedApi.start();
  cleanups.push(() => api.stop());
  return api;
}

async function listen(server: Server | ReturnType<typeof createSecureServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "localhost");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** An API server over TLS that would speak HTTP/2 if it were asked to; answers with the HTTP version used. */
async function startTls(certificate: { key: string; cert: string }, status = 200): Promise<string> {
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
    response.writeHead(status).end(request.httpVersion);
  });
  return `https://localhost:${await listen(server)}`;
}

describe("requests to the API server", () => {
  test("carry query, token and user agent, and keep a path of the server's URL", async () => {
    const api = await startApi();
    api.onList(json(200, { items: [] }));
    const connection = open({ server: `${api.url}/k8s/clusters/c-1/`, token: "t" });
    const answer = await connection.get(
      "/api/v1/endpoints",
      { limit: 500, continue: undefined, a: "b c,d" },
      LIMITS,
    );
    expect([answer.status, String(answer.body)]).toEqual([200, '{"items":[]}']);
    const call = api.lists[0];
    expect(call?.path).toBe("/k8s/clusters/c-1/api/v1/endpoints");
    expect([...(call?.query ?? [])]).toEqual([
      ["limit", "500"],
      ["a", "b c,d"],
    ]);
    expect(call?.headers).toMatchObject({
      authorization: "Bearer t",
      "user-agent": "ringbell/1.2.3",
      accept: "application/json",
    });
  });

  test("share connections, but lists none with watches", async () => {
    const api = await startApi();
    api.onWatch(streamAndEnd(bookmark("1")));
    const connection = open({ server: api.url });
    for (let count = 0; count < 20; count++) await connection.get("/x", {}, LIMITS);
    // undici may take a second one while the first is about to become free.
    expect(api.sockets.size).toBeLessThanOrEqual(2);
    const lists = api.sockets.size;
    const { body } = await connection.stream("/x", { watch: true }, NEVER);
    let text = "";
    for await (const chunks of body) text += Buffer.concat(chunks).toString();
    expect([text, api.sockets.size]).toEqual([bookmark("1"), lists + 1]);
  });

  test("end at their deadline, by the given clock", async () => {
    const api = await startApi();
    api.onList(hang);
    const clock = new VirtualClock(0);
    const answer = open({ server: api.url }, clock).get("/x", {}, LIMITS);
    await until(() => api.lists.length === 1);
    clock.advanceTo(29_999);
    clock.advanceTo(30_000);
    await expect(answer).rejects.toThrow("no complete answer within 30 s");
    expect(clock.nextTimerMs()).toBeUndefined();
  });

  test("end with their signal's reason, also while they wait or before they begin", async () => {
    const api = await startApi();
    api.onList(hang).onWatch(hang);
    const connection = open({ server: api.url });
    const controller = new AbortController();
    const list = connection.get("/x", {}, { signal: controller.signal, timeoutMs: 1 });
    const watch = connection.stream("/x", { watch: true }, controller.signal);
    await until(() => api.lists.length === 1 && api.watches.length === 1);
    controller.abort(new Error("enough"));
    await expect(list).rejects.toThrow("enough");
    await expect(watch).rejects.toThrow("enough");
    await expect(connection.get("/x", {}, { signal: controller.signal, timeoutMs: 1 })).rejects.toThrow(
      "enough",
    );
    await until(() => api.sockets.size === 0);
  });

  test("hand over what came before the connection broke, but nothing after their signal", async () => {
    const api = await startApi();
    api.onWatch(streamAndBreak("close", bookmark("1")), stream(bookmark("2")));
    const connection = open({ server: api.url });
    const broken = await connection.stream("/x", { watch: true }, NEVER);
    await until(() => api.watches[0]?.closed === true);
    await turns();
    const chunks = broken.body[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe(bookmark("1"));
    await expect(chunks.next()).rejects.toThrow(/closed|ECONNRESET/);
    const controller = new AbortController();
    const unread = await connection.stream("/x", { watch: true }, controller.signal);
    await turns(20);
    controller.abort(new Error("enough"));
    await expect(unread.body[Symbol.asyncIterator]().next()).rejects.toThrow("enough");
  });

  test("close ends open watches", async () => {
    const api = await startApi();
    const connection = open({ server: api.url });
    const { body } = await connection.stream("/x", { watch: true }, NEVER);
    await connection.close();
    await expect(async () => {
      for await (const _ of body);
    }).rejects.toThrow(/destroyed|closed|aborted/);
    await until(() => api.sockets.size === 0);
    await expect(connection.get("/x", {}, LIMITS)).rejects.toThrow("closed");
  });
});

describe("answers that are compressed though nobody asked", () => {
  const compressed = (coding: string, bytes: Buffer): Answer => {
    return ({ response }) => {
      response.writeHead(200, { "content-encoding": coding });
      response.end(bytes);
    };
  };

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["Identity", (bytes: Buffer) => bytes],
  ])("%s", async (coding, compress) => {
    const api = await startApi();
    const bytes = compress(Buffer.from(bookmark("1")));
    api.onList(compressed(coding, bytes)).onWatch(compressed(coding, bytes));
    const connection = open({ server: api.url });
    expect(String((await connection.get("/x", {}, LIMITS)).body)).toBe(bookmark("1"));
    const { body } = await connection.stream("/x", { watch: true }, NEVER);
    let text = "";
    for await (const chunks of body) text += Buffer.concat(chunks).toString();
    expect(text).toBe(bookmark("1"));
    expect(api.lists[0]?.headers["accept-encoding"]).toBe("identity");
  });

  test("what is flushed comes out while the watch goes on, and leaving it closes the connection", async () => {
    const api = await startApi();
    api.onWatch(({ response }) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.write(bookmark("1"));
      gzip.flush();
    });
    const { body } = await open({ server: api.url }).stream("/x", { watch: true }, NEVER);
    for await (const chunks of body) {
      expect(Buffer.concat(chunks).toString()).toBe(bookmark("1"));
      break;
    }
    await until(() => api.watches[0]?.closed === true);
  });

  test("damage and unknown codings are errors, and leave no connection open", async () => {
    const api = await startApi();
    const nonsense = Buffer.from("no gzip");
    api.onList(compressed("gzip", nonsense), compressed("zstd-9000", nonsense));
    api.onWatch(compressed("gzip", nonsense), ({ response }) => {
      response.writeHead(200, { "content-encoding": "zstd-9000" });
      response.flushHeaders();
    });
    const connection = open({ server: api.url });
    await expect(connection.get("/x", {}, LIMITS)).rejects.toThrow("incorrect header check");
    await expect(connection.get("/x", {}, LIMITS)).rejects.toThrow("not known: zstd-9000");
    const { body } = await connection.stream("/x", { watch: true }, NEVER);
    await expect(async () => {
      for await (const _ of body);
    }).rejects.toThrow("incorrect header check");
    await expect(connection.stream("/x", { watch: true }, NEVER)).rejects.toThrow("not known: zstd-9000");
    await until(() => api.watches[1]?.closed === true);
  });
});

describe("credentials of requests", () => {
  test("are loaded once, and anew after a 401 on either", async () => {
    const api = await startApi();
    const config = { server: api.url, token: "old" };
    const connection = open(config);
    api.onList(json(200, {}), json(401, {}), json(200, {}));
    await connection.get("/x", {}, LIMITS);
    config.token = "new";
    await connection.get("/x", {}, LIMITS);
    await connection.get("/x", {}, LIMITS);
    expect(api.lists.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer old",
      "Bearer old",
      "Bearer new",
    ]);
    api.onWatch(json(401, {}));
    config.token = "newer";
    await connection.stream("/x", { watch: true }, NEVER);
    await connection.get("/x", {}, LIMITS);
    expect([api.lists.at(-1)?.headers.authorization, connection.loads()]).toEqual(["Bearer newer", 3]);
  });
});

describe("TLS", () => {
  test("trusts the kubeconfig's CA and nobody else, and speaks HTTP/1.1", async () => {
    const server = await startTls(TEST_CERTIFICATES.one);
    const trusting = open({ server, ca: TEST_CERTIFICATES.one.cert });
    expect(String((await trusting.get("/", {}, LIMITS)).body)).toBe("1.1");
    const { body } = await trusting.stream("/", {}, NEVER);
    for await (const chunks of body) expect(Buffer.concat(chunks).toString()).toBe("1.1");
    await expect(open({ server, ca: TEST_CERTIFICATES.two.cert }).get("/", {}, LIMITS)).rejects.toThrow(
      "certificate",
    );
  });

  test("a rotated CA is used for new connections", async () => {
    const one = await startTls(TEST_CERTIFICATES.one, 401);
    const two = await startTls(TEST_CERTIFICATES.two);
    const config = { server: one, ca: TEST_CERTIFICATES.one.cert };
    const connection = open(config);
    await connection.get("/", {}, LIMITS);
    // The refusal is the moment at which the kubeconfig is loaded anew.
    Object.assign(config, { server: two, ca: TEST_CERTIFICATES.two.cert });
    expect((await connection.get("/", {}, LIMITS)).status).toBe(200);
  });
});

describe("proxy-url of the cluster", () => {
  test("http servers are asked through the proxy", async () => {
    const seen: string[] = [];
    const answer: RequestListener = (request, response) => {
      seen.push(String(request.url));
      response.end("through");
    };
    const proxyUrl = `http://localhost:${await listen(createHttp(answer))}`;
    const { body } = await open({ server: "http://api.invalid:8080", proxyUrl }).get("/x", {}, LIMITS);
    expect([String(body), seen]).toEqual(["through", ["http://api.invalid:8080/x"]]);
  });

  test("https servers through a tunnel, with the CA checked inside, over HTTP/1.1", async () => {
    const server = await startTls(TEST_CERTIFICATES.one);
    const proxy = createHttp();
    const tunnels: string[] = [];
    proxy.on("connect", (request, client: Socket) => {
      tunnels.push(String(request.url));
      const upstream = connect(Number(new URL(server).port), "localhost", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
    });
    const proxyUrl = `http://localhost:${await listen(proxy)}`;
    const connection = open({ server, ca: TEST_CERTIFICATES.one.cert, proxyUrl });
    expect(String((await connection.get("/", {}, LIMITS)).body)).toBe("1.1");
    expect(tunnels).toEqual([new URL(server).host]);
    await expect(
      open({ server, ca: TEST_CERTIFICATES.two.cert, proxyUrl }).get("/", {}, LIMITS),
    ).rejects.toThrow("certificate");
  });
});
