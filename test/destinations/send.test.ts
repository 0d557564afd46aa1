import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { ResolveAll } from "../../src/destinations/address-guard.ts";
import type { HttpAnswer, HttpRequest, SendFailure } from "../../src/destinations/destination.ts";
import {
  BODY_MAX_BYTES,
  createSender,
  proxyFromEnv,
  type Sender,
  type SenderOptions,
} from "../../src/destinations/send.ts";
import { Secret } from "../../src/runtime/secret.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function sender(options: SenderOptions = {}): Sender {
  const made = createSender(options);
  open.push(() => made.close());
  return made;
}

/** A promise of it is not waited for: it ends with its answer. */
type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

async function listen(handler: Handler): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => void handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function post(url: string | Secret, overrides: Partial<HttpRequest> = {}): HttpRequest {
  return { method: "POST", url, headers: { "content-type": "application/json" }, body: "{}", ...overrides };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** A signal that the test itself aborts: no test waits for real time to pass. */
function handTimeout(): { readonly timeoutSignal: () => AbortSignal; readonly expire: () => void } {
  const controller = new AbortController();
  const expire = (): void => controller.abort(new DOMException("late", "TimeoutError"));
  return { timeoutSignal: () => controller.signal, expire };
}

const fetchOption = { fetch: (...args: Parameters<typeof fetch>) => globalThis.fetch(...args) };

describe.each([
  ["the built-in client", {}],
  ["an injected fetch", fetchOption],
])("with %s", (_, options) => {
  test("method, URL, headers and body arrive with their secrets revealed", async () => {
    let seen: unknown;
    const { url } = await listen(async (request, response) => {
      seen = {
        method: request.method,
        path: request.url,
        token: request.headers["x-token"],
        body: await bodyOf(request),
      };
      response.writeHead(202, { "X-Answer": "yes" }).end("accepted ✓");
    });
    const got = await sender(options).send(
      post(new Secret(`${url}/a?b=c`), {
        method: "PUT",
        headers: { "x-token": new Secret("s3cret") },
        body: new Secret("täxt"),
      }),
    );
    expect(seen).toEqual({ method: "PUT", path: "/a?b=c", token: "s3cret", body: "täxt" });
    expect(got).toMatchObject({ status: 202, headers: { "x-answer": "yes" }, body: "accepted ✓" });
  });

  test("a redirect is an answer and is not followed", async () => {
    let visits = 0;
    const { url } = await listen((_request, response) => {
      visits++;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await sender(options).send(post(url))).toMatchObject({
      status: 307,
      headers: { location: "/elsewhere" },
    });
    expect(visits).toBe(1);
  });

  test("of a body no more than 64 KiB is read", async () => {
    const { url } = await listen((_request, response) => {
      // Never ends: who reads on reads for ever.
      response.writeHead(200);
      const write = (): void =>
        void (response.writable && response.write("x".repeat(10_000), () => setImmediate(write)));
      write();
    });
    const got = await sender(options).send(post(url));
    expect(got).toMatchObject({ status: 200 });
    expect((got as HttpAnswer).body.length).toBe(BODY_MAX_BYTES);
  });

  test("a body that stops half-way does not undo the status", async () => {
    const { url } = await listen((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    });
    expect(await sender(options).send(post(url))).toMatchObject({ status: 200, body: "half" });
  });

  test("a server that never answers is a timeout", async () => {
    const hand = handTimeout();
    const { url } = await listen(() => hand.expire());
    expect(await sender({ ...options, timeoutSignal: hand.timeoutSignal }).send(post(url))).toMatchObject({
      failed: "timeout",
    });
  });

  test("the caller's signal ends an attempt as aborted, also one that has not begun", async () => {
    const stop = new AbortController();
    const { url } = await listen(() => stop.abort());
    const sending = sender(options);
    expect(await sending.send(post(url), { signal: stop.signal })).toMatchObject({ failed: "aborted" });
    expect(await sending.send(post(url), { signal: stop.signal })).toMatchObject({ failed: "aborted" });
  });

  test("a refused connection and one that is cut are network failures", async () => {
    const { url, server } = await listen((_request, response) => response.destroy());
    expect(await sender(options).send(post(url))).toMatchObject({ failed: "network" });
    await new Promise((resolve) => server.close(resolve));
    const got = (await sender(options).send(post(url))) as SendFailure;
    expect(got).toMatchObject({ failed: "network", detail: expect.stringContaining("ECONNREFUSED") });
  });

  test.each([
    "http://169.254.169.254/latest",
    "http://[::ffff:a9fe:a9fe]/",
    "http://2852039166/",
    "http://[fd00:ec2::254]/",
  ])("%s is blocked before anything is sent", async (url) => {
    const got = (await sender(options).send(post(url))) as SendFailure;
    expect(got.failed).toBe("blockedAddress");
    expect(got.detail).toContain("metadata service");
  });

  test("user name and password of a URL become a header", async () => {
    let seen: unknown;
    const { url } = await listen((request, response) => {
      seen = request.headers.authorization;
      response.end();
    });
    await sender(options).send(post(new Secret(url.replace("//", "//us%40er:pa%ss@"))));
    expect(seen).toBe(`Basic ${Buffer.from("us@er:pa%ss").toString("base64")}`);
  });

  test("no failure shows a secret", async () => {
    const { url } = await listen((_request, response) => response.destroy());
    const secretUrl = new Secret(`${url}/services/TOPSECRET?token=TOPSECRET`);
    const token = { "x-token": new Secret("TOP\r\nSECRET") };
    const failures = [
      await sender(options).send(post(secretUrl)),
      await sender(options).send(post(secretUrl, { headers: token })),
      await sender(options).send(post(new Secret("not a TOPSECRET url"))),
      await sender(options).send(post(new Secret("ftp://host/TOPSECRET"))),
    ] as SendFailure[];
    expect(failures.map(({ failed }) => failed).slice(2)).toEqual(["invalidRequest", "invalidRequest"]);
    for (const failure of failures) {
      expect(failure.failed).toBeDefined();
      expect(JSON.stringify(failure)).not.toMatch(/TOP|SECRET/);
    }
    expect(failures[0]?.detail).toContain(new URL(url).host);
  });
});

test("a body that never ends counts by its status once the time is over", async () => {
  const hand = handTimeout();
  const { url } = await listen((_request, response) => {
    response.writeHead(200);
    response.write("part");
  });
  const sending = sender({
    timeoutSignal: hand.timeoutSignal,
    fetch: async (...args) => {
      const answer = await globalThis.fetch(...args);
      setImmediate(hand.expire);
      return answer;
    },
  });
  expect(await sending.send(post(url))).toMatchObject({ status: 200 });
});

describe("the built-in client", () => {
  test("keeps its connections", async () => {
    const ports = new Set<number | undefined>();
    const { url } = await listen(async (request, response) => {
      ports.add(request.socket.remotePort);
      await bodyOf(request);
      response.end("ok");
    });
    const sending = sender();
    for (let round = 0; round < 20; round++) await sending.send(post(url));
    // The pool may open a second one, where the first answer is read before its connection counts as free.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  test("sends no second request on a connection before the first is answered", async () => {
    const waiting: ServerResponse[] = [];
    const { url } = await listen((_request, response) => {
      waiting.push(response);
      if (waiting.length === 3) for (const held of waiting) held.end();
    });
    const sending = sender();
    const got = await Promise.all([1, 2, 3].map(() => sending.send(post(url))));
    expect(got.every((answer) => "status" in answer)).toBe(true);
  });

  test("refuses a name that resolves to a blocked address, at each connection anew", async () => {
    const { url } = await listen((_request, response) => response.setHeader("connection", "close").end());
    const port = new URL(url).port;
    const addresses = ["127.0.0.1", "169.254.169.254"];
    const resolve: ResolveAll = (_name, _options, callback) =>
      callback(null, [{ address: addresses.shift() ?? "", family: 4 }]);
    const sending = sender({ resolve: resolve });
    expect(await sending.send(post(`http://rebinds.test:${port}/`))).toMatchObject({ status: 200 });
    expect(await sending.send(post(`http://rebinds.test:${port}/`))).toMatchObject({
      failed: "blockedAddress",
    });
    addresses.push("::ffff:169.254.169.254");
    expect(await sending.send(post("https://rebinds.test/"))).toMatchObject({ failed: "blockedAddress" });
  });

  test("a name that does not resolve is a dns failure", async () => {
    const resolve: ResolveAll = (name, _options, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" }), []);
    const sending = sender({ resolve: resolve });
    expect(await sending.send(post("http://nowhere.test/"))).toMatchObject({ failed: "dns" });
  });

  test("a server that does not speak TLS is a tls failure", async () => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined).resume();
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    expect(await sender().send(post(`https://127.0.0.1:${port}/`))).toMatchObject({ failed: "tls" });
  });

  test("a header that cannot be sent is an invalid request", async () => {
    const got = await sender().send(post("http://127.0.0.1:9/", { headers: { "x-a": "b\r\nc" } }));
    expect(got).toMatchObject({ failed: "invalidRequest" });
  });

  test("the request's own time goes before the sender's, and the caller's before both", async () => {
    const asked: number[] = [];
    const timeoutSignal = (ms: number): AbortSignal => {
      asked.push(ms);
      return new AbortController().signal;
    };
    const { url } = await listen((_request, response) => response.end());
    await sender({ timeoutSignal }).send(post(url));
    const sending = sender({ timeoutSignal, timeoutMs: 1000 });
    await sending.send(post(url));
    await sending.send(post(url, { timeoutMs: 2000 }));
    await sending.send(post(url, { timeoutMs: 2000 }), { timeoutMs: 3000 });
    expect(asked).toEqual([10_000, 1000, 2000, 3000]);
  });
});

describe("a proxy", () => {
  test("is read from the environment, lower case first", () => {
    expect(proxyFromEnv({ NO_PROXY: "x" })).toBeUndefined();
    expect(proxyFromEnv({ HTTPS_PROXY: "http://a:1", https_proxy: "http://b:1", no_proxy: ".svc" })).toEqual({
      httpProxy: "",
      httpsProxy: "http://b:1",
      noProxy: ".svc",
    });
  });

  test("gets what NO_PROXY does not name, and is never asked for a blocked address", async () => {
    const asked: (string | undefined)[] = [];
    const proxy = await listen((request, response) => {
      asked.push(request.url);
      response.end("from proxy");
    });
    proxy.server.on("connect", (request, socket) => {
      asked.push(request.url);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    const direct = await listen((_request, response) => response.end("direct"));
    const sending = sender({ proxy: { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: "127.0.0.1" } });
    expect(await sending.send(post(direct.url))).toMatchObject({ body: "direct" });
    expect(asked).toEqual([]);
    expect(await sending.send(post("http://169.254.169.254/"))).toMatchObject({ failed: "blockedAddress" });
    expect(asked).toEqual([]);
    await sending.send(post("https://outside.test/"));
    expect(asked).toEqual(["outside.test:443"]);
  });
});
