import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

function start(...args: string[]) {
  return spawn(process.execPath, [MAIN, "demo", ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

test("the process of the fast demo ends by itself: no socket and no timer is left", async () => {
  const child = start("--fast");
  const [out, err, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  expect([code, signal, err]).toEqual([0, null, ""]);
  expect(out.match(/^ ✔ /gm)).toHaveLength(4);
});

test("Ctrl-C ends the demo at its own pace at once, and cleanly", async () => {
  const child = start();
  child.stdout.once("data", () => child.kill("SIGINT"));
  const [out, err, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  expect([code, signal, err]).toEqual([0, null, ""]);
  expect(out).toMatch(/Stopped at 0:0\d of 3:48; nothing is left running\n$/);
});

test("a reader that has seen enough ends it too", async () => {
  const child = start("--fast");
  child.stdout.once("data", () => child.stdout.destroy());
  const [err, [code, signal]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect([code, signal, err]).toEqual([0, null, ""]);
});
