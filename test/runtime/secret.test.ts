import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Secret, secretSource } from "../../src/runtime/secret.ts";

describe("Secret", () => {
  test("shows itself nowhere but on reveal()", () => {
    const secret = new Secret("hunter2");
    const shown = [
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect(secret, { showHidden: true }),
    ];
    for (const text of shown) expect(text).not.toContain("hunter2");
    expect(secret.reveal()).toBe("hunter2");
  });
});

describe("secretSource()", () => {
  test("reads the environment and files, without one last line break", () => {
    const read = secretSource({ TOKEN: "a" }, (path) => `content of ${path}\n`);
    expect(read({ env: "TOKEN" }).reveal()).toBe("a");
    expect(read({ file: "/x" }).reveal()).toBe("content of /x");
  });

  test("reads a file anew each time, so that a rotated secret counts", () => {
    let content = "old";
    const read = secretSource({}, () => content);
    expect(read({ file: "/x" }).reveal()).toBe("old");
    content = "new";
    expect(read({ file: "/x" }).reveal()).toBe("new");
  });

  test.each([
    [{ env: "MISSING" }, "environment variable MISSING is not set"],
    [{ env: "EMPTY" }, "environment variable EMPTY is not set"],
    [{ file: "/none" }, "file /none (ENOENT)"],
    [{ file: "/blank" }, "file /blank is empty"],
  ])("names the place where %o should be", (ref, words) => {
    const read = secretSource({ EMPTY: "" }, (path) => {
      if (path === "/blank") return "\n";
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    });
    expect(() => read(ref)).toThrow(words);
  });
});
