import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";
import { type ApiServer, startApiServer } from "../../src/simulator/api-server.ts";
import { objectsOfList, type RecordedList } from "../../src/simulator/initial-objects.ts";
import { ENDPOINTS, endpoints, SLICES, slice } from "./objects.ts";
import { deployment, namespace, pod, replicaSet, statefulSet } from "../support/workloads.ts";
import { fixture } from "./watch-client.ts";

interface List {
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  readonly items: readonly { metadata: { name: string } }[];
  readonly message?: string;
}

let server: ApiServer;
beforeEach(async () => {
  server = await startApiServer({ clock: new VirtualClock(Date.UTC(2026, 10, 21)) });
});
afterEach(() => server.close());

const get = (path: string): Promise<Response> => fetch(`${server.url}${path}`);
const list = async (path: string): Promise<List> => (await (await get(path)).json()) as List;
const names = ({ items }: List): string[] => items.map((item) => item.metadata.name);

describe("a list", () => {
  test("equals the recorded one, byte for byte", async () => {
    const recorded = fixture("slices-merge.before.json");
    const parsed = JSON.parse(recorded) as RecordedList;
    server.store.seed(objectsOfList(parsed), Number(parsed.metadata.resourceVersion));
    const response = await get(SLICES);
    expect(await response.text()).toBe(recorded);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("date")).toBe("Sat, 21 Nov 2026 00:00:00 GMT");
    expect(response.headers.get("warning")).toBeNull();
  });

  test("without objects has an empty array, and Endpoints bear their warning", async () => {
    const response = await get(ENDPOINTS);
    expect(await response.text()).toBe(
      '{"kind":"EndpointsList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}\n',
    );
    expect(response.headers.get("warning")).toBe(
      '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
    );
  });

  test("is limited to namespace, labels and fields", async () => {
    server.store.put(slice("a", { app: "x" }));
    server.store.put(slice("b"));
    server.store.put(slice("c", { app: "x" }, "other"));
    server.store.put(endpoints("e"));
    expect(names(await list(SLICES))).toEqual(["a", "b", "c"]);
    expect(names(await list("/apis/discovery.k8s.io/v1/namespaces/lab/endpointslices"))).toEqual(["a", "b"]);
    expect(names(await list(`${SLICES}?labelSelector=app%3Dx`))).toEqual(["a", "c"]);
    expect(names(await list(`${SLICES}?fieldSelector=metadata.name%3Db`))).toEqual(["b"]);
    expect(names(await list("/api/v1/namespaces/lab/endpoints?fieldSelector=metadata.name=e"))).toEqual([
      "e",
    ]);
  });
});

describe("pages", () => {
  beforeEach(() => {
    for (const name of ["a", "b", "c", "d", "e"]) server.store.put(slice(name)); // versions 2 to 6
  });

  test("are of one version, though objects come and go meanwhile", async () => {
    const first = await list(`${SLICES}?limit=2`);
    expect([names(first), first.metadata.remainingItemCount]).toEqual([["a", "b"], 3]);
    server.store.put(slice("aa"));
    server.store.put(slice("dd"));
    server.store.delete("endpointslices", "lab", "d");
    const second = await list(`${SLICES}?limit=2&continue=${first.metadata.continue}`);
    expect([names(second), second.metadata.remainingItemCount]).toEqual([["c", "d"], 1]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const third = await list(`${SLICES}?limit=2&continue=${second.metadata.continue}`);
    expect([names(third), third.metadata.continue]).toEqual([["e"], undefined]);
  });

  test("of one namespace lead on within it", async () => {
    const path = "/apis/discovery.k8s.io/v1/namespaces/lab/endpointslices?limit=4";
    server.store.put(slice("f", {}, "aaa"));
    const first = await list(path);
    expect(names(await list(`${path}&continue=${first.metadata.continue}`))).toEqual(["e"]);
  });

  test("of a selector do not say how many are left", async () => {
    const first = await list(`${SLICES}?limit=2&labelSelector=!x`);
    expect(first.metadata).toEqual({ resourceVersion: "6", continue: expect.any(String) as string });
  });

  test("of version 0 do not exist: the watch cache ignores the limit", async () => {
    expect(names(await list(`${SLICES}?limit=2&resourceVersion=0`))).toHaveLength(5);
  });

  test("that are too old are Gone with a token to go on, as recorded", async () => {
    const first = await list("/apis/discovery.k8s.io/v1/endpointslices?limit=2");
    server.store.put(slice("bb"));
    server.store.compact();
    const response = await get(`${SLICES}?limit=2&continue=${first.metadata.continue}`);
    const recorded = JSON.parse(fixture("gone-continue.json")) as List;
    const body = (await response.json()) as List;
    const token = (one: List): unknown =>
      JSON.parse(Buffer.from(one.metadata.continue ?? "", "base64url").toString());
    expect(response.status).toBe(410);
    expect(token(recorded)).toEqual({ v: "meta.k8s.io/v1", rv: -1, start: "default/kubernetes\0" });
    expect(token(body)).toEqual({ v: "meta.k8s.io/v1", rv: -1, start: "lab/b\0" });
    expect({ ...body, metadata: recorded.metadata }).toEqual(recorded);
    const rest = await list(`${SLICES}?continue=${body.metadata.continue}`);
    expect([names(rest), rest.metadata.resourceVersion]).toEqual([["bb", "c", "d", "e"], "7"]);
  });

  test("with a broken token are refused", async () => {
    expect((await get(`${SLICES}?continue=nonsense`)).status).toBe(400);
    const first = await list(`${SLICES}?limit=2`);
    expect((await get(`${SLICES}?resourceVersion=5&continue=${first.metadata.continue}`)).status).toBe(400);
  });
});

describe("a list at a version", () => {
  beforeEach(() => {
    for (const name of ["a", "b", "c"]) server.store.put(slice(name)); // versions 2 to 4
  });

  test.each([
    ["", ["a", "b", "c"], "4"],
    ["resourceVersion=0", ["a", "b", "c"], "4"],
    ["resourceVersion=3", ["a", "b", "c"], "4"],
    ["resourceVersion=3&resourceVersionMatch=NotOlderThan", ["a", "b", "c"], "4"],
    ["resourceVersion=3&resourceVersionMatch=Exact", ["a", "b"], "3"],
    ["resourceVersion=3&limit=10", ["a", "b"], "3"],
  ])("%j", async (query, expected, version) => {
    const answer = await list(`${SLICES}?${query}`);
    expect([names(answer), answer.metadata.resourceVersion]).toEqual([expected, version]);
  });

  test("that is compacted is Gone, as recorded", async () => {
    server.store.compact();
    const response = await get(`${SLICES}?resourceVersion=3&resourceVersionMatch=Exact`);
    expect(response.status).toBe(410);
    expect(await response.json()).toEqual(JSON.parse(fixture("gone-list-exact.json")));
  });

  test("that is in the future times out, as recorded, but at once", async () => {
    const recorded = JSON.parse(fixture("future-list.json")) as { message: string };
    const response = await get(`${SLICES}?resourceVersion=999999999`);
    expect(response.status).toBe(504);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toEqual({ ...recorded, message: recorded.message.replace("20428", "4") });
  });

  test.each([
    ["resourceVersionMatch=Exact", 422],
    ["resourceVersion=0&resourceVersionMatch=Exact", 422],
    ["resourceVersion=1&resourceVersionMatch=Whatever", 422],
    ["sendInitialEvents=true", 422],
    ["labelSelector=%3D", 400],
    ["fieldSelector=spec.x%3D1", 400],
  ])("asked for with %j is refused with %i", async (query, status) => {
    const response = await get(`${SLICES}?${query}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ kind: "Status", status: "Failure", code: status });
  });
});

describe("access", () => {
  test("needs the token of the moment, as recorded", async () => {
    let token = "one";
    await server.close();
    server = await startApiServer({ clock: new VirtualClock(0), bearerToken: () => token });
    const ask = (path: string, bearer?: string) =>
      fetch(`${server.url}${path}`, bearer ? { headers: { authorization: `Bearer ${bearer}` } } : {});
    expect((await ask(SLICES, "one")).status).toBe(200);
    token = "two";
    const refused = await ask(SLICES, "one");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual(JSON.parse(fixture("unauthorized.json")));
    expect((await ask(SLICES)).status).toBe(401);
    expect((await ask("/version")).status).toBe(200);
    expect((await ask("/version", "one")).status).toBe(401);
  });

  test("is refused in the recorded words", async () => {
    const asked: unknown[] = [];
    await server.close();
    server = await startApiServer({
      clock: new VirtualClock(0),
      authorize: (attributes) => asked.push(attributes) < 0,
    });
    const response = await get(SLICES);
    expect(response.status).toBe(403);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.json()).toEqual(JSON.parse(fixture("forbidden.json")));
    const watch = await get(`${SLICES}?watch=1`);
    expect(await watch.json()).toEqual(JSON.parse(fixture("forbidden-watch.json")));
    const named = await get("/api/v1/namespaces/lab/endpoints?fieldSelector=metadata.name%3Dweb");
    expect(((await named.json()) as List).message).toBe(
      'endpoints is forbidden: User "system:serviceaccount:lab:default" cannot list resource "endpoints" ' +
        'in API group "" in the namespace "lab"',
    );
    expect(asked.at(-1)).toEqual({ verb: "list", source: "endpoints", namespace: "lab", name: "web" });
  });
});

test("other paths and methods", async () => {
  expect(await (await get("/readyz")).text()).toBe("ok");
  expect(await (await get("/version")).json()).toMatchObject({ gitVersion: "v1.36.2" });
  expect((await get("/api/v1/services")).status).toBe(404);
  expect((await fetch(`${server.url}${SLICES}`, { method: "POST", body: "{}" })).status).toBe(405);
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "GET /readyz",
    "GET /version",
    "GET /api/v1/services",
    `POST ${SLICES}`,
  ]);
});

describe("other kinds", () => {
  test("are listed and watched at their own paths, Namespaces without one of their own", async () => {
    server.store.put(namespace("lab", { team: "a" }));
    server.store.put(namespace("other"));
    server.store.put(pod("db-0", "StatefulSet/db"));
    server.store.put(statefulSet("db", 1));
    server.store.put(deployment("web", 1));
    server.store.put(replicaSet("web-1", 1, "web"));
    expect(names(await list("/api/v1/namespaces?labelSelector=team%3Da"))).toEqual(["lab"]);
    expect(names(await list("/api/v1/namespaces?fieldSelector=metadata.name%3Dother"))).toEqual(["other"]);
    expect(names(await list("/api/v1/namespaces/data/pods"))).toEqual(["db-0"]);
    expect(names(await list("/api/v1/namespaces/lab/pods"))).toEqual([]);
    expect(names(await list("/apis/apps/v1/statefulsets"))).toEqual(["db"]);
    expect(names(await list("/apis/apps/v1/namespaces/data/deployments"))).toEqual(["web"]);
    expect(names(await list("/apis/apps/v1/replicasets"))).toEqual(["web-1"]);
    expect(await list("/apis/apps/v1/deployments")).toMatchObject({
      kind: "DeploymentList",
      apiVersion: "apps/v1",
    });
    expect((await get("/api/v1/namespaces/data/namespaces")).status).toBe(404);
    expect((await get("/apis/apps/v1/pods")).status).toBe(404);
  });

  test("are paged, Namespaces too", async () => {
    for (const name of ["a", "b", "c"]) server.store.put(namespace(name));
    const first = await list("/api/v1/namespaces?limit=2");
    expect(names(first)).toEqual(["a", "b"]);
    expect(names(await list(`/api/v1/namespaces?limit=2&continue=${first.metadata.continue}`))).toEqual([
      "c",
    ]);
  });

  test("that are not served are refused by the store, which says what is", () => {
    const service = { kind: "Service", apiVersion: "v1", metadata: { name: "web", namespace: "lab" } };
    expect(() => server.store.put(service)).toThrow(
      "Cannot store object: kind Service is not served (right would be EndpointSlice, Endpoints, Namespace, Pod, StatefulSet, Deployment or ReplicaSet)",
    );
  });
});
