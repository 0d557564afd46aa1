import { writeFileSync } from "node:fs";

/** How to reach an API server with a bearer token. */
export interface TokenAccess {
  readonly server: string;
  /** What to trust, in PEM. */
  readonly ca: Buffer;
  /** The token, or the path of a file that holds it. */
  readonly token: string | { readonly file: string };
}

/** Writes a kubeconfig and returns its path. JSON is YAML. */
export function writeKubeconfig(path: string, { server, ca, token }: TokenAccess): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "e2e", cluster: { server, "certificate-authority-data": ca.toString("base64") } }],
    users: [{ name: "e2e", user: typeof token === "string" ? { token } : { tokenFile: token.file } }],
    contexts: [{ name: "e2e", context: { cluster: "e2e", user: "e2e" } }],
    "current-context": "e2e",
  };
  writeFileSync(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return path;
}
