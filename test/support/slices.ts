import type { Endpoint, Slice } from "../../src/cluster/slice.ts";

/** An endpoint of Pod `data/NAME` that serves; give what differs. */
export function endpoint(name: string, differs: Partial<Endpoint> = {}): Endpoint {
  const serving = differs.serving ?? true;
  const terminating = differs.terminating ?? false;
  return {
    target: `data/${name}`,
    uid: `uid-${name}`,
    hostname: undefined,
    address: `10.0.0.${name.replace(/\D/g, "") || "250"}`,
    zone: undefined,
    node: undefined,
    ready: serving && !terminating,
    serving,
    terminating,
    ...differs,
  };
}

/** The slice `data/NAME` of Service `data/cassandra`; give what differs. */
export function slice(name: string, endpoints: readonly Endpoint[], differs: Partial<Slice> = {}): Slice {
  return {
    key: `data/${name}`,
    namespace: "data",
    service: "cassandra",
    addressType: "IPv4",
    endpoints,
    triggerTimeMs: undefined,
    serviceLabels: {},
    truncated: false,
    ...differs,
  };
}
