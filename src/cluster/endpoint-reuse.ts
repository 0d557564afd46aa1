import type { Endpoint } from "./slice.ts";

/**
 * Hands out the endpoints of the previous state of a slice again where nothing about them changed: most events
 * change one endpoint of a hundred. Equal endpoints stay the same object, so that others can compare by identity.
 */
export class EndpointReuse {
  readonly #previous: readonly Endpoint[];
  #next = 0;
  #byAddress: Map<string, Endpoint> | undefined;

  constructor(previous: readonly Endpoint[]) {
    this.#previous = previous;
  }

  /** The one that comes next where nothing changed. */
  get expected(): Endpoint | undefined {
    return this.#previous[this.#next];
  }

  /** `expected` has come. */
  pass(): void {
    this.#next++;
  }

  /**
   * The endpoint that likely stood for this address before. Kubernetes keeps the order, puts new endpoints last and
   * closes the gaps of those that went, so the next one or the one after it nearly always fits; a change of ports shuffles.
   */
  candidate(address: string): Endpoint | undefined {
    const previous = this.#previous;
    const expected = previous[this.#next];
    // Past the end of a list whose order was kept, an endpoint is new.
    if (expected === undefined) return this.#byAddress?.get(address);
    if (expected.address === address) {
      this.#next++;
      return expected;
    }
    const after = previous[this.#next + 1];
    if (after?.address === address) {
      this.#next += 2;
      return after;
    }
    return this.#lookUp(address);
  }

  #lookUp(address: string): Endpoint | undefined {
    this.#byAddress ??= new Map(this.#previous.map((endpoint) => [endpoint.address, endpoint]));
    return this.#byAddress.get(address);
  }
}

/** The one place that makes endpoints: the same properties in the same order give V8 one hidden class. */
export function makeEndpoint(
  target: string | undefined,
  uid: string | undefined,
  hostname: string | undefined,
  address: string,
  zone: string | undefined,
  node: string | undefined,
  serving: boolean,
  terminating: boolean,
): Endpoint {
  return { target, uid, hostname, address, zone, node, ready: serving && !terminating, serving, terminating };
}

/** `previous` itself when `next` holds the very same endpoints in the same order. */
export function sameEndpoints(
  previous: readonly Endpoint[] | undefined,
  next: readonly Endpoint[],
): readonly Endpoint[] {
  if (previous === undefined || previous.length !== next.length) return next;
  for (let index = 0; index < next.length; index++) {
    if (previous[index] !== next[index]) return next;
  }
  return previous;
}

/** Whether `target` is `namespace/name`, without making that string. */
export function isTarget(target: string | undefined, namespace: string, name: string): boolean {
  return (
    target !== undefined &&
    target.length === namespace.length + 1 + name.length &&
    target.endsWith(name) &&
    target.startsWith(namespace) &&
    target.charCodeAt(namespace.length) === 0x2f
  );
}
