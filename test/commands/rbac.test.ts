import { describe, expect, test } from "vitest";
import { planWatches } from "../../src/cluster/watch-plan.ts";
import { type LoadedScopes, rbac } from "../../src/commands/rbac.ts";

const SUBJECT = { name: "ringbell", serviceAccount: "ringbell", serviceAccountNamespace: "ringbell" };

async function run(
  files: Record<string, LoadedScopes>,
): Promise<{ code: number; out: string; error: string }> {
  let out = "";
  let error = "";
  const code = await rbac(Object.keys(files), SUBJECT, {
    loadScopes: (path) => files[path] ?? { problems: "no such file" },
    writeOut: (text) => (out += text),
    writeError: (text) => (error += text),
  });
  return { code, out, error };
}

function scopesOf(namespace: string): LoadedScopes {
  return { scopes: planWatches([{ source: "endpointslices", namespace, service: undefined }]) };
}

describe("ringbell rbac", () => {
  test("prints the roles for all rules files", async () => {
    const { code, out, error } = await run({ "a.yaml": scopesOf("a"), "b.yaml": scopesOf("b") });
    expect([code, error]).toEqual([0, ""]);
    expect(out.match(/^kind: Role$/gm)).toHaveLength(2);
  });

  test("prints the problems of a bad file, and nothing that could be applied", async () => {
    const result = await run({ "a.yaml": scopesOf("a"), "b.yaml": { problems: "b.yaml:1:1 bad" } });
    expect(result).toEqual({ code: 1, out: "", error: "b.yaml:1:1 bad\n" });
  });
});
