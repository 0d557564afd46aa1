import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CredentialSource } from "../../src/cluster/api-credentials.ts";
import { type KubeConfigOptions, KubeConfigError, loadKubeConfig } from "../../src/cluster/kube-config.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ringbell-kube-config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string): string {
  const path = join(directory, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A kubeconfig with one context per name, the first of them current. */
function kubeconfig(names: readonly string[], server: string, user: object = {}): string {
  return JSON.stringify({
    clusters: names.map((name) => ({ name, cluster: { server } })),
    users: names.map((name) => ({ name, user })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
    "current-context": names[0],
  });
}

function server(options: KubeConfigOptions): string | undefined {
  return loadKubeConfig(options).getCurrentCluster()?.server;
}

async function authorization(path: string): Promise<string | undefined> {
  const { headers } = await new CredentialSource(() => loadKubeConfig({ kubeconfig: path, env: {} })).read();
  return headers["authorization"];
}

describe("finding the kubeconfig", () => {
  test("the given file comes before KUBECONFIG, and that before the home directory", () => {
    const given = write("given", kubeconfig(["a"], "https://given"));
    const listed = write("listed", kubeconfig(["a"], "https://listed"));
    write("home/.kube/config", kubeconfig(["a"], "https://home"));
    const home = { HOME: join(directory, "home") };
    expect(server({ kubeconfig: given, env: { ...home, KUBECONFIG: listed } })).toBe("https://given");
    expect(server({ env: { ...home, KUBECONFIG: listed } })).toBe("https://listed");
    expect(server({ env: home })).toBe("https://home");
  });

  test("files of KUBECONFIG are merged as kubectl does: the first counts, missing ones are skipped", () => {
    const first = write("first", kubeconfig(["a"], "https://first"));
    const second = write("second", kubeconfig(["b", "a"], "https://second"));
    const env = { KUBECONFIG: [join(directory, "missing"), first, second].join(delimiter) };
    expect(server({ env })).toBe("https://first");
    expect(server({ env, context: "b" })).toBe("https://second");
  });

  test.each([
    ["10.0.0.1", "https://10.0.0.1:6443"],
    ["fd00::1", "https://[fd00::1]:6443"],
  ])("a Pod with host %s uses its ServiceAccount", (host, url) => {
    write("account/token", "secret-token\n");
    const env = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: "6443" };
    expect(server({ env, serviceAccountDirectory: join(directory, "account") })).toBe(url);
  });

  test("nothing found names all places", () => {
    expect(() => loadKubeConfig({ env: {}, serviceAccountDirectory: "/none" })).toThrow(
      /^Cannot find a kubeconfig: no file given, KUBECONFIG is not set, ~\/\.kube\/config .* \(KUBERNETES_SERVICE_HOST, \/none\/token\)$/,
    );
  });

  test.each([
    ["missing file", undefined, undefined, "(ENOENT)"],
    ["bad YAML", "users: [token: hunter2", undefined, "(not a valid kubeconfig)"],
    ["no clusters", "{}", undefined, "has no current-context"],
    ["unknown context", kubeconfig(["a", "b"], "https://x"), "c", "context c: it is not in"],
    ["odd server", kubeconfig(["a"], "ftp://x"), undefined, "server is not an http: or https: URL"],
    ["no server", kubeconfig(["a"], ""), undefined, "(not a valid kubeconfig)"],
  ])("%s is said with its place", (name, content, context, words) => {
    const path = content === undefined ? join(directory, "nowhere") : write(name, content);
    const attempt = (): unknown => loadKubeConfig({ kubeconfig: path, context, env: {} });
    expect(attempt).toThrow(KubeConfigError);
    expect(attempt).toThrow(words);
    expect(attempt).toThrow(path);
    expect(attempt).not.toThrow("hunter2");
  });
});

describe("credentials", () => {
  test("a token, a password, and none", async () => {
    expect(await authorization(write("token", kubeconfig(["a"], "https://x", { token: "t" })))).toBe(
      "Bearer t",
    );
    const basic = kubeconfig(["a"], "https://x", { username: "u", password: "p" });
    expect(await authorization(write("basic", basic))).toBe(`Basic ${btoa("u:p")}`);
    expect(await authorization(write("none", kubeconfig(["a"], "http://x")))).toBeUndefined();
  });

  test("a tokenFile counts before a token, relative to the kubeconfig, without its line break", async () => {
    write("sub/my-token", "from-file\n");
    const path = write("sub/config", kubeconfig(["a"], "https://x", { token: "t", tokenFile: "my-token" }));
    expect(await authorization(path)).toBe("Bearer from-file");
  });

  test("a context without a user still trusts the cluster's CA", async () => {
    const config = JSON.parse(kubeconfig(["a"], "https://x")) as { clusters: unknown[]; users?: unknown };
    config.clusters = [
      { name: "a", cluster: { server: "https://x", "certificate-authority-data": btoa("CA") } },
    ];
    config.users = [];
    const path = write("no-user", JSON.stringify(config));
    const { tls } = await new CredentialSource(() => loadKubeConfig({ kubeconfig: path, env: {} })).read();
    expect(String(tls.ca)).toBe("CA");
  });

  test("what an exec plugin prints is never part of an error", async () => {
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "echo",
      args: ["hunter2 is no JSON"],
    };
    const path = write("exec", kubeconfig(["a"], "https://x", { exec }));
    await expect(authorization(path)).rejects.toThrow(
      "Cannot get credentials of kubeconfig user a: its output is not JSON",
    );
  });

  test("requests at the same moment run an exec plugin once, and again only after a refusal", async () => {
    const log = join(directory, "exec.log");
    const script = `echo run >> ${log}; echo '{"status":{"token":"t"}}'`;
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sh", args: ["-c", script] };
    const path = write("counted", kubeconfig(["a"], "https://x", { exec }));
    let loads = 0;
    const source = new CredentialSource(() => {
      loads++;
      return loadKubeConfig({ kubeconfig: path, env: {} });
    });
    const [first, second] = await Promise.all([source.read(), source.read()]);
    expect([first, loads]).toEqual([second, 1]);
    source.refused(first);
    await source.read();
    // The second of two requests that were refused with the same credentials.
    source.refused(first);
    await source.read();
    expect(loads).toBe(2);
  });
});
