/** An endpoint as the API server writes it. */
export interface EndpointJson {
  readonly addresses: readonly string[];
  readonly conditions?: Readonly<Record<string, boolean | null>>;
  readonly hostname?: string;
  readonly targetRef?: Readonly<Record<string, string>>;
  readonly nodeName?: string;
  readonly zone?: string;
}

/** An EndpointSlice as the API server writes it, as far as it matters here. */
export interface SliceJson {
  readonly kind: "EndpointSlice";
  readonly apiVersion: "discovery.k8s.io/v1";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly EndpointJson[] | null;
}

/** One write: `before` is undefined for a new slice, `after` for a deleted one. */
interface Write {
  readonly version: number;
  readonly before: SliceJson | undefined;
  readonly after: SliceJson | undefined;
}

/** What a watch is told of one write. */
export interface WatchEvent {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: SliceJson;
}

/** All slices at one version, by `namespace/name`. */
export type Slices = ReadonlyMap<string, SliceJson>;

/** What etcd is to an API server: slices, and every state that they have been in. Pure; versions begin at 1, with no slice. */
export class ModelServer {
  readonly #states: Slices[] = [new Map(), new Map()];
  readonly #writes: Write[] = [];
  #oldest = 1;

  get version(): number {
    return this.#states.length - 1;
  }

  /** Watches from older versions, and lists at them, are Gone. */
  get oldest(): number {
    return this.#oldest;
  }

  put(slice: SliceJson): void {
    const version = this.version + 1;
    const after = { ...slice, metadata: { ...slice.metadata, resourceVersion: String(version) } };
    const key = `${slice.metadata.namespace}/${slice.metadata.name}`;
    this.#write({ version, before: this.at().get(key), after }, new Map(this.at()).set(key, after));
  }

  delete(key: string): void {
    const before = this.at().get(key);
    if (!before) return;
    const state = new Map(this.at());
    state.delete(key);
    this.#write({ version: this.version + 1, before, after: undefined }, state);
  }

  compact(): void {
    this.#oldest = this.version;
  }

  /** The slices at a version, default now. */
  at(version = this.version): Slices {
    const state = this.#states[version];
    if (!state) throw new RangeError(`there is no version ${version}`);
    return state;
  }

  /** What a watch with this selector is told of the writes after a version. A slice that no longer matches is DELETED. */
  eventsAfter(version: number, matches: (slice: SliceJson) => boolean): WatchEvent[] {
    const events: WatchEvent[] = [];
    for (const { version: at, before, after } of this.#writes.slice(version - 1)) {
      const did = before !== undefined && matches(before);
      if (after && matches(after)) {
        events.push({ version: at, type: did ? "MODIFIED" : "ADDED", object: after });
      } else if (before && did) {
        const metadata = { ...before.metadata, resourceVersion: String(at) };
        events.push({ version: at, type: "DELETED", object: { ...before, metadata } });
      }
    }
    return events;
  }

  #write(write: Write, state: Slices): void {
    this.#writes.push(write);
    this.#states.push(state);
  }
}
