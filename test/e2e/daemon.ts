import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";

/** A child process whose output goes to a file, stopped by its own pid. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #log: string;
  readonly #killOnExit = (): void => void this.#child.kill("SIGKILL");

  private constructor(child: ChildProcess, command: string, log: string) {
    this.#child = child;
    this.#command = command;
    this.#log = log;
    process.once("exit", this.#killOnExit);
  }

  /** Runs `command` with nothing on its standard input. `env` replaces the environment. */
  static start(
    command: string,
    args: readonly string[],
    log: string,
    env?: Readonly<Record<string, string>>,
  ): Daemon {
    const output = openSync(log, "a");
    const child = spawn(command, args, {
      stdio: ["ignore", output, output],
      ...(env ? { env: { ...env } } : {}),
    });
    closeSync(output);
    return new Daemon(child, command, log);
  }

  /** Everything it has written so far. */
  log(): string {
    return readFileSync(this.#log, "utf8");
  }

  /** True, or an error with the end of its log: no sense in waiting for what has ended. */
  mustBeAlive(): true {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return true;
    const end = this.log().trimEnd().split("\n").slice(-20).join("\n");
    throw new Error(`${this.#command} ended (${this.#child.exitCode ?? this.#child.signalCode}):\n${end}`);
  }

  /** Sends the signal, after `patienceMs` SIGKILL, and resolves with the exit code once it is gone (null when killed). */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM", patienceMs = 15_000): Promise<number | null> {
    process.off("exit", this.#killOnExit);
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, "exit");
      this.#child.kill(signal);
      const killer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs);
      await gone;
      clearTimeout(killer);
    }
    return this.#child.exitCode;
  }
}
