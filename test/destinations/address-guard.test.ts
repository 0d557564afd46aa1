import type { LookupAddress } from "node:dns";
import { describe, expect, test } from "vitest";
import {
  BlockedAddressError,
  guardedLookup,
  isBlockedAddress,
} from "../../src/destinations/address-guard.ts";

describe("addresses that are never talked to", () => {
  test.each([
    "169.254.169.254",
    "169.254.0.0",
    "169.254.255.255",
    "100.100.100.200",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "[fe80::1]",
    "FE80::1",
    "fd00:0ec2:0:0:0:0:0:0254",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "::ffff:100.100.100.200",
    "64:ff9b::6464:64c8",
    "2002:6464:64c8::",
  ])("%s", (address) => expect(isBlockedAddress(address)).toBe(true));
});

describe("addresses and names that are not blocked by themselves", () => {
  test.each([
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "169.253.255.255",
    "169.255.0.0",
    "100.100.100.199",
    "100.100.100.201",
    "fec0::1",
    "fe7f::1",
    "fd00:ec2::253",
    "fd00::1",
    "::ffff:10.0.0.1",
    "2002:a9ff::",
    "8.8.8.8",
    "localhost",
    "169.254.169.254.nip.io",
    "",
  ])("%j", (address) => expect(isBlockedAddress(address)).toBe(false));
});

describe("every spelling that a URL allows ends at the same address", () => {
  test.each([
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://169.254.169.254./",
    "http://①⑥⑨.254.169.254/",
    "http://[::ffff:169.254.169.254]/",
    "http://1684301000/",
    "http://[0:0:0:0:0:ffff:6464:64c8]/",
  ])("%s", (url) => expect(isBlockedAddress(new URL(url).hostname)).toBe(true));
});

describe("a guarded lookup", () => {
  function look(found: readonly LookupAddress[], all: boolean): Promise<unknown[]> {
    const lookup = guardedLookup((_name, _options, callback) => callback(null, [...found]));
    return new Promise((resolve) => lookup("x.test", { all }, (...result) => resolve(result)));
  }
  const good = { address: "10.0.0.1", family: 4 };
  const bad = { address: "169.254.169.254", family: 4 };

  test("gives what it was asked for", async () => {
    expect(await look([good], true)).toEqual([null, [good]]);
    expect(await look([good], false)).toEqual([null, "10.0.0.1", 4]);
  });

  test.each([true, false])("refuses a name with a blocked address among good ones (all: %s)", async (all) => {
    expect((await look([good, bad], all))[0]).toBeInstanceOf(BlockedAddressError);
  });

  test("passes errors on, and turns no address into one", async () => {
    expect((await look([], false))[0]).toMatchObject({ code: "ENOTFOUND" });
    const lookup = guardedLookup((_name, _options, callback) => callback(new Error("no"), []));
    const got = await new Promise((resolve) => lookup("x.test", {}, resolve));
    expect(got).toMatchObject({ message: "no" });
  });
});
