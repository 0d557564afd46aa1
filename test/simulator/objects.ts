import type { ApiObject } from "../../src/simulator/resources.ts";

export const SLICES = "/apis/discovery.k8s.io/v1/endpointslices";
export const ENDPOINTS = "/api/v1/endpoints";

/** An empty slice, as small as may be. */
export function slice(name: string, labels: Record<string, string> = {}, namespace = "lab"): ApiObject {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: { name, namespace, labels },
    addressType: "IPv4",
    endpoints: null,
    ports: null,
  };
}

/** An Endpoints object without subsets. */
export function endpoints(name: string, namespace = "lab"): ApiObject {
  return { kind: "Endpoints", apiVersion: "v1", metadata: { name, namespace } };
}
