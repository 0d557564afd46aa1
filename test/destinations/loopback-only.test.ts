import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { request } from "undici";
import { expect, test } from "vitest";
import { takeOutsideAttempts } from "../support/loopback-only.ts";

// 192.0.2.0/24 and 2001:db8::/32 are for documentation: nobody has these addresses (RFC 5737, RFC 3849).

function failureOf(socket: ReturnType<typeof connect>): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once("connect", () => resolve("connected"));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

test.each(["192.0.2.1", "2001:db8::1"])("a test cannot connect to %s", async (host) => {
  expect(await failureOf(connect({ host, port: 80 }))).toBe("ERR_IP_BLOCKED");
  expect(await failureOf(connectTls({ host, port: 443 }))).toBe("ERR_IP_BLOCKED");
  expect(takeOutsideAttempts()).toEqual([`connection to ${host}`, `connection to ${host}`]);
});

test("a name with several addresses outside is blocked at each", async () => {
  const lookup = (_name: string, _options: unknown, callback: (...result: unknown[]) => void): void =>
    callback(null, [
      { address: "192.0.2.1", family: 4 },
      { address: "2001:db8::1", family: 6 },
    ]);
  await failureOf(connect({ host: "two.test", port: 80, lookup: lookup as never }));
  expect(takeOutsideAttempts()).toEqual(["connection to 192.0.2.1", "connection to 2001:db8::1"]);
});

test("a test cannot look a name up, not with undici nor with fetch", async () => {
  await expect(request("http://outside.test/")).rejects.toThrow("Tests stay on loopback");
  await expect(fetch("http://outside.test/")).rejects.toThrow("fetch failed");
  expect(takeOutsideAttempts()).toEqual(["lookup of outside.test", "lookup of outside.test"]);
});

test("localhost is not outside", async () => {
  // Port 9 (discard) has no listener.
  expect(await failureOf(connect({ host: "localhost", port: 9 }))).toBe("ECONNREFUSED");
  expect(await failureOf(connect({ host: "127.0.0.1", port: 9 }))).toBe("ECONNREFUSED");
  expect(takeOutsideAttempts()).toEqual([]);
});
