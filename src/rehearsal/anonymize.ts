import { isIP } from "node:net";

// The ends that controllers give to names: https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
const RANDOM = "[bcdfghjklmnpqrstvwxz2456789]";
/** Pods of a Deployment: the name of its ReplicaSet (which ends in a hash of the template) and five random characters. */
const OF_REPLICA_SET = new RegExp(`^(.+)-(${RANDOM}{6,10})-(${RANDOM}{5})$`);
/** EndpointSlices, and Pods of a DaemonSet. */
const GENERATED = new RegExp(`^(.+)-(${RANDOM}{5})$`);
/** Pods of a StatefulSet. */
const ORDINAL = /^(.+)-(\d{1,6})$/;

/** Words of the Kubernetes API, of which all clusters have the same. */
const API_WORD = /^[A-Z][A-Za-z0-9]{0,63}$/;
/** Their fields. */
const API_WORDS: ReadonlySet<string> = new Set(["phase", "reason", "waiting", "disruption"]);
/** What these fields hold in every cluster; owners may also be of an operator's own kind. */
const PLAIN: Readonly<Record<string, RegExp>> = {
  kind: /^(listed|changed|deleted|blind|Namespace|Pod|StatefulSet|Deployment|ReplicaSet|DaemonSet|Job|Node)$/,
  source: /^(endpointslices|endpoints)$/,
  addressType: /^(IPv4|IPv6|FQDN)$/,
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Takes the place of everything in recorded scopes and events that an operator has named or that a cluster has drawn: namespaces,
 * Services, Pods, nodes, zones, uids, addresses, labels. What was equal stays equal, what was different stays different, and
 * ordinals stay (`cassandra-2` may become `app-1-2`), so that the same rules find the same things. A string in a field that is not
 * known here is replaced as well.
 */
export class Anonymizer {
  readonly #dictionaries = new Map<string, Map<string, string>>();

  /** A scope, event, or part of one, with stand-ins. */
  readonly disguise = <T>(value: T): T => this.#value(value, "") as T;

  /** What stands for which namespaces and Services, for the one who recorded: the only way back. */
  namespaces(): ReadonlyMap<string, string> {
    return this.#dictionary("ns");
  }

  /** By the name without ordinals and generated ends. */
  names(): ReadonlyMap<string, string> {
    return this.#dictionary("app");
  }

  #value(value: unknown, field: string): unknown {
    if (typeof value === "string") return this.#text(value, field);
    if (Array.isArray(value)) return value.map((item) => this.#value(item, field));
    if (typeof value !== "object" || value === null) return value;
    if (field === "serviceLabels" || field === "labels") return this.#labels(value as Fields);
    const entries = Object.entries(value).map(([key, inner]) => [key, this.#value(inner, key)]);
    const disguised = Object.fromEntries(entries) as Fields;
    return "id" in disguised && typeof disguised["id"] === "string"
      ? { ...disguised, id: scopeId(disguised) }
      : disguised;
  }

  #text(text: string, field: string): string {
    if (PLAIN[field]?.test(text)) return text;
    if (API_WORDS.has(field)) return API_WORD.test(text) ? text : this.#replace("text", text);
    switch (field) {
      case "namespace":
        return this.#replace("ns", text);
      case "zone":
      case "node":
      case "uid":
        return this.#replace(field, text);
      case "key":
      case "target":
        return this.#key(text);
      case "service":
      case "services":
      case "name":
      case "hostname":
        return this.#name(text);
      case "address":
        return this.#address(text);
      default:
        return this.#replace("text", text);
    }
  }

  #key(key: string): string {
    const slash = key.indexOf("/");
    if (slash < 0) return this.#name(key);
    return `${this.#replace("ns", key.slice(0, slash))}/${this.#name(key.slice(slash + 1))}`;
  }

  #name(name: string): string {
    const [, set, hash, end] = OF_REPLICA_SET.exec(name) ?? [];
    if (set !== undefined && hash !== undefined && end !== undefined)
      return `${this.#name(set)}-${this.#replace("r", hash)}-${this.#replace("p", end)}`;
    const [, generated, random] = GENERATED.exec(name) ?? [];
    if (generated !== undefined && random !== undefined)
      return `${this.#name(generated)}-${this.#replace("p", random)}`;
    const [, base, ordinal] = ORDINAL.exec(name) ?? [];
    if (base !== undefined && ordinal !== undefined) return `${this.#name(base)}-${ordinal}`;
    return this.#replace("app", name);
  }

  #address(address: string): string {
    const family = isIP(address);
    if (family === 0) return `${this.#replace("host", address)}.example.com`;
    const known = this.#dictionary(`ip${family}`);
    const standIn =
      known.get(address) ?? (family === 4 ? ipv4(known.size) : `2001:db8::${(known.size + 1).toString(16)}`);
    known.set(address, standIn);
    return standIn;
  }

  #labels(labels: Fields): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(labels).map(([key, value]) => [
        this.#replace("label", key),
        this.#replace("value", String(value)),
      ]),
    );
  }

  #replace(kind: string, text: string): string {
    const known = this.#dictionary(kind);
    const standIn = known.get(text) ?? `${kind}-${known.size + 1}`;
    known.set(text, standIn);
    return standIn;
  }

  #dictionary(kind: string): Map<string, string> {
    const known = this.#dictionaries.get(kind) ?? new Map<string, string>();
    this.#dictionaries.set(kind, known);
    return known;
  }
}

/** From 198.18.0.0/15, which no network uses (https://www.rfc-editor.org/rfc/rfc2544), then on into 240.0.0.0/4, which none can. */
function ipv4(index: number): string {
  const number = index < 2 ** 17 - 1 ? ((198 << 24) | (18 << 16)) + index + 1 : (240 << 24) + index;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** As the watch plan makes them, but for the digest of many names. */
function scopeId({ source, kind, namespace, services, name }: Fields): string {
  const all = Array.isArray(services) ? services.join(",") : word(name);
  return `${typeof source === "string" ? source : word(kind)}:${word(namespace)}/${all}`;
}

function word(value: unknown): string {
  return typeof value === "string" ? value : "*";
}
