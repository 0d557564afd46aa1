import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BUILD = join(import.meta.dirname, "../../scripts/build.ts");

/** `npm run build` into a folder of its own, gone with the object. */
export class Bundle implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "ringbell-bench-bundle-"));
  readonly path = join(this.#folder, "ringbell.js");

  constructor() {
    execFileSync(process.execPath, [BUILD, "--out", this.#folder], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
