import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { BlockList, isIP, Socket } from "node:net";
import { afterEach } from "vitest";

// A vitest setup file: no test talks to anything but this machine. A connection or a lookup that would leave it fails, and
// so does the test that made it, even where the code under test swallows the error.

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addSubnet("0.0.0.0", 32, "ipv4");
loopback.addAddress("::1", "ipv6");
loopback.addAddress("::", "ipv6");

const outside: string[] = [];

// Node asks a socket's block list, after name resolution, right before each connection:
// https://nodejs.org/api/net.html#socketconnectoptions-connectlistener. Every client (net, tls, http, undici) ends there.
// msw's stand-in sockets resolve to loopback, so they pass.
Object.defineProperty(Socket.prototype, "blockList", {
  configurable: true,
  writable: true,
  value: {
    check(address: string, family: "ipv4" | "ipv6"): boolean {
      if (loopback.check(address, family)) return false;
      outside.push(`connection to ${address}`);
      return true;
    },
  },
});

const realLookup = dns.lookup;

function lookup(hostname: string, ...rest: unknown[]): void {
  // An address is its own answer; whether it may be connected to is asked later.
  if (isIP(hostname) > 0 || hostname === "localhost" || hostname.endsWith(".localhost")) {
    return Reflect.apply(realLookup, dns, [hostname, ...rest]);
  }
  const callback = rest.at(-1) as (error: Error) => void;
  outside.push(`lookup of ${hostname}`);
  const error = Object.assign(new Error(`Tests stay on loopback: lookup of ${hostname}`), {
    code: "ENOTFOUND",
  });
  process.nextTick(callback, error);
}

dns.lookup = Object.assign(lookup, { __promisify__: realLookup.__promisify__ });
syncBuiltinESMExports();

/** What tried to leave the machine since the last call. Tests of this guard itself take it, so that they do not fail. */
export function takeOutsideAttempts(): readonly string[] {
  return outside.splice(0);
}

afterEach(() => {
  const attempts = takeOutsideAttempts();
  if (attempts.length > 0) throw new Error(`Tests stay on loopback: ${attempts.join(", ")}`);
});
