import type { ApiObject } from "./resources.ts";

/** A Pod of the model, as far as endpoints show it. */
export interface ModelPod {
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly node: string;
  readonly zone: string;
  /** Set for StatefulSet Pods of a headless Service only. */
  readonly hostname: string | undefined;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** What slices and Endpoints of a Service have in common. */
export interface ModelService {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly headless: boolean;
  readonly publishNotReadyAddresses: boolean;
  readonly portName: string;
  readonly port: number;
}

/** What belongs to one object rather than to its Service. */
export interface ObjectFacts {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly createdMs: number;
  readonly writtenMs: number;
  /** When a Pod or the Service changed and so caused this write; not every write has one. */
  readonly triggerMs: number | undefined;
}

const SLICE_MANAGER = "endpointslice-controller.k8s.io";
const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
// The controller cuts Endpoints off here:
// https://kubernetes.io/docs/concepts/services-networking/service/#over-capacity-endpoints
const ENDPOINTS_CAPACITY = 1_000;

/** An EndpointSlice as the endpointslice controller of Kubernetes 1.36 writes it, key by key. */
export function sliceObject(service: ModelService, facts: ObjectFacts, pods: readonly ModelPod[]): ApiObject {
  const labels = sorted({
    ...service.labels,
    "endpointslice.kubernetes.io/managed-by": SLICE_MANAGER,
    "kubernetes.io/service-name": service.name,
    ...(service.headless && { "service.kubernetes.io/headless": "" }),
  });
  const annotations = annotationsOf(facts);
  const empty = pods.length === 0;
  const fields = {
    "f:addressType": {},
    ...(!empty && { "f:endpoints": {} }),
    "f:metadata": {
      ...(annotations && { "f:annotations": fieldsOf(annotations) }),
      "f:generateName": {},
      "f:labels": fieldsOf(labels),
      "f:ownerReferences": { ".": {}, [`k:{"uid":"${service.uid}"}`]: {} },
    },
    ...(!empty && { "f:ports": {} }),
  };
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: {
      name: facts.name,
      generateName: `${service.name}-`,
      namespace: service.namespace,
      uid: facts.uid,
      resourceVersion: "",
      generation: facts.generation,
      creationTimestamp: rfc3339(facts.createdMs),
      labels,
      ...(annotations && { annotations }),
      ownerReferences: [
        {
          apiVersion: "v1",
          kind: "Service",
          name: service.name,
          uid: service.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: managedFields("discovery.k8s.io/v1", facts.writtenMs, fields),
    },
    addressType: "IPv4",
    endpoints: empty ? null : pods.map((pod) => endpointOf(service, pod)),
    ports: empty ? null : [{ name: service.portName, protocol: "TCP", port: service.port }],
  };
}

function endpointOf(service: ModelService, pod: ModelPod): object {
  const { serving, terminating } = pod;
  const ready = service.publishNotReadyAddresses || (serving && !terminating);
  return {
    addresses: [pod.address],
    conditions: { ready, serving, terminating },
    ...(pod.hostname !== undefined && { hostname: pod.hostname }),
    targetRef: targetRefOf(service, pod),
    nodeName: pod.node,
    zone: pod.zone,
  };
}

/** The core Endpoints object of the same Service: terminating Pods are not in it, one subset, by address. */
export function endpointsObject(
  service: ModelService,
  facts: ObjectFacts,
  pods: readonly ModelPod[],
): ApiObject {
  const { publishNotReadyAddresses: publish } = service;
  const listed = pods
    .filter((pod) => publish || !pod.terminating)
    .toSorted((a, b) => Number(b.serving) - Number(a.serving) || (a.address < b.address ? -1 : 1))
    .slice(0, ENDPOINTS_CAPACITY);
  const ready = listed.filter((pod) => publish || pod.serving).map((pod) => addressOf(service, pod));
  const notReady = listed.filter((pod) => !publish && !pod.serving).map((pod) => addressOf(service, pod));
  const labels = sorted({
    ...service.labels,
    "endpoints.kubernetes.io/managed-by": "endpoint-controller",
    ...(service.headless && { "service.kubernetes.io/headless": "" }),
  });
  const truncated = pods.length > ENDPOINTS_CAPACITY;
  const annotations = annotationsOf(
    facts,
    truncated ? { "endpoints.kubernetes.io/over-capacity": "truncated" } : {},
  );
  const subset = {
    ...(ready.length > 0 && { addresses: ready }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady }),
    ports: [{ name: service.portName, port: service.port, protocol: "TCP" }],
  };
  const fields = {
    "f:metadata": {
      ...(annotations && { "f:annotations": fieldsOf(annotations) }),
      "f:labels": fieldsOf(labels),
    },
    ...(listed.length > 0 && { "f:subsets": {} }),
  };
  return {
    kind: "Endpoints",
    apiVersion: "v1",
    metadata: {
      name: service.name,
      namespace: service.namespace,
      uid: facts.uid,
      resourceVersion: "",
      creationTimestamp: rfc3339(facts.createdMs),
      labels,
      ...(annotations && { annotations }),
      managedFields: managedFields("v1", facts.writtenMs, fields),
    },
    ...(listed.length > 0 && { subsets: [subset] }),
  };
}

function addressOf(service: ModelService, pod: ModelPod): object {
  return {
    ip: pod.address,
    ...(pod.hostname !== undefined && { hostname: pod.hostname }),
    nodeName: pod.node,
    targetRef: targetRefOf(service, pod),
  };
}

function targetRefOf(service: ModelService, pod: ModelPod): object {
  return { kind: "Pod", namespace: service.namespace, name: pod.name, uid: pod.uid };
}

function annotationsOf(
  facts: ObjectFacts,
  others: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> | undefined {
  const annotations = {
    ...(facts.triggerMs !== undefined && { [TRIGGER_TIME]: rfc3339(facts.triggerMs) }),
    ...others,
  };
  return Object.keys(annotations).length > 0 ? annotations : undefined;
}

function managedFields(apiVersion: string, writtenMs: number, fieldsV1: object): object[] {
  return [
    {
      manager: "kube-controller-manager",
      operation: "Update",
      apiVersion,
      time: rfc3339(writtenMs),
      fieldsType: "FieldsV1",
      fieldsV1,
    },
  ];
}

function fieldsOf(map: Readonly<Record<string, string>>): object {
  return Object.fromEntries([[".", {}], ...Object.keys(map).map((key) => [`f:${key}`, {}])]);
}

function sorted(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whole seconds, as metav1.Time has them. */
function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
