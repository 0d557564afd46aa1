import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
const finalStage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "));
const entrypoint = arrayOf("ENTRYPOINT");

describe("the image, as its Dockerfile says", () => {
  test("is built on distroless Node without root, on the major version of .nvmrc", () => {
    const major = readFileSync(join(ROOT, ".nvmrc"), "utf8").trim();
    expect(finalStage).toMatch(
      new RegExp(`^\\nFROM gcr\\.io/distroless/nodejs${major}-debian\\d+:nonroot\\n`),
    );
    expect(dockerfile).toMatch(new RegExp(`^FROM .*\\bnode:${major}-\\S+ AS build$`, "m"));
    expect(finalStage).toMatch(/^USER 65532:65532$/m);
  });

  test("runs nothing while the final stage is built: there is no shell to run it", () => {
    expect(finalStage).not.toMatch(/^RUN/m);
  });

  test("holds the bundle, and no node_modules", () => {
    expect(finalStage.match(/^COPY .*$/gm)).toEqual([
      "COPY --from=build /build/dist/ /app/",
      "COPY --from=build /build/LICENSE /app/LICENSE",
      "COPY --from=build --chown=65532:65532 /state/ /var/lib/ringbell/",
    ]);
  });

  test("runs the rules of /etc/ringbell by default", () => {
    expect(arrayOf("CMD")).toEqual([
      "run",
      "--rules",
      "/etc/ringbell/rules.yaml",
      "--data",
      "/var/lib/ringbell",
      "--listen",
      "0.0.0.0:8080",
    ]);
  });
});

describe("the bundle, started as the image starts it", () => {
  let out: string;

  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), "ringbell-bundle-"));
    execFileSync(process.execPath, [join(ROOT, "scripts/build.ts"), "--out", out], { stdio: "pipe" });
  }, 60_000);
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  function start(...args: string[]): string {
    const [, ...flags] = entrypoint.map((part) => part.replace("/app/", `${out}/`));
    // In the folder of the bundle and with an empty environment: nothing of this checkout helps it.
    return execFileSync(process.execPath, [...flags, ...args], {
      cwd: out,
      env: {},
      encoding: "utf8",
      stdio: "pipe",
    });
  }

  test("starts with every hardening flag and says its commands", () => {
    expect(start("--help")).toMatch(/run.*check/s);
  });

  test("checks the example rules file that lies next to it", () => {
    expect(start("check", "rules.example.yaml")).not.toBe("");
  });

  test("checks every rules file of deploy/", () => {
    for (const folder of ["base", "overlays/namespaced", "overlays/endpoints"]) {
      expect(start("check", join(ROOT, "deploy", folder, "rules.yaml")), `rules of ${folder}`).not.toBe("");
    }
  });

  test("carries the licences of the packages in it", () => {
    expect(existsSync(join(out, "LICENSES.txt"))).toBe(true);
    expect(readFileSync(join(out, "LICENSES.txt"), "utf8")).toMatch(/^undici \d.*\(MIT\)$/m);
  });
});

function arrayOf(instruction: string): string[] {
  const line = new RegExp(`^${instruction} (\\[.*\\])$`, "m").exec(finalStage)?.[1];
  if (line === undefined) throw new Error(`Dockerfile has no ${instruction} in the form of an array`);
  return JSON.parse(line) as string[];
}
