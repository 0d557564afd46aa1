import { type LookupAddress, type LookupOptions, lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/**
 * Where clouds keep their machines' credentials, and all link-local addresses: nobody is told there.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (169.254.169.254, fd00:ec2::254)
 * https://cloud.google.com/compute/docs/metadata/querying-metadata (fd20:ce::254)
 * https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata (100.100.100.200)
 */
const BLOCKED = new BlockList();
BLOCKED.addSubnet("169.254.0.0", 16, "ipv4");
BLOCKED.addAddress("100.100.100.200", "ipv4");
BLOCKED.addSubnet("fe80::", 10, "ipv6");
BLOCKED.addAddress("fd00:ec2::254", "ipv6");
BLOCKED.addAddress("fd20:ce::254", "ipv6");
// The same IPv4 addresses inside IPv6 ones. BlockList itself sees through ::ffff:0:0/96.
for (const prefix of ["::", "64:ff9b::"]) {
  // https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1 and https://www.rfc-editor.org/rfc/rfc6052#section-2.1
  BLOCKED.addSubnet(`${prefix}a9fe:0`, 112, "ipv6");
  BLOCKED.addAddress(`${prefix}6464:64c8`, "ipv6");
}
// 6to4: https://www.rfc-editor.org/rfc/rfc3056#section-2
BLOCKED.addSubnet("2002:a9fe::", 32, "ipv6");
BLOCKED.addSubnet("2002:6464:64c8::", 48, "ipv6");

/** A connection was not opened, because the host is an address that is never talked to. */
export class BlockedAddressError extends Error {
  override readonly name = "BlockedAddressError";

  constructor(address: string) {
    super(`Address ${address} is link-local or a cloud's metadata service`);
  }
}

/** True for an address that is never talked to; false for all others and for names. */
export function isBlockedAddress(address: string): boolean {
  // A zone (fe80::1%eth0) says which interface, not which address; BlockList does not know the notation.
  const plain = address.replace(/%.*$/, "").replace(/^\[(.*)\]$/, "$1");
  const family = isIP(plain);
  return family !== 0 && BLOCKED.check(plain, family === 6 ? "ipv6" : "ipv4");
}

/**
 * A lookup that refuses a name as soon as one of its addresses is blocked. It judges what will be connected to, so a name
 * that resolves to something else the second time gains nothing.
 */
export function guardedLookup(lookup: ResolveAll = resolveAll): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "");
      const blocked = addresses.find(({ address }) => isBlockedAddress(address));
      if (blocked) return callback(new BlockedAddressError(blocked.address), "");
      const first = addresses[0];
      if (options.all) return callback(null, addresses);
      if (first) return callback(null, first.address, first.family);
      return callback(Object.assign(new Error(`No address for ${hostname}`), { code: "ENOTFOUND" }), "");
    });
  };
}

/** What `dns.lookup` does with `all: true`. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveAll: ResolveAll = (hostname, options, callback) => systemLookup(hostname, options, callback);
