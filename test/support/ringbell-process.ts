import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { Waiters } from "../../src/simulator/waiters.ts";
import { eventually, PATIENCE_MS } from "./eventually.ts";

/** Ringbell's sources, as `npm run ringbell` starts them. */
export const SOURCES: readonly string[] = [join(import.meta.dirname, "../../src/main.ts")];

/** Compiled code, kept over the many starts of a test run: half the time of each. */
const COMPILE_CACHE = join(tmpdir(), "ringbell-test-compile-cache");

/** One JSON line of the log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended: one of the two is null. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly args: readonly string[];
  /** The whole environment, but for where Node keeps compiled code; default: empty. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What Node is given before `args`: its own flags and the file. Default: the sources. */
  readonly program?: readonly string[];
}

/** Children that still run. A test that ran out of time never comes to its disposals, so the end of its file is theirs too. */
const running = new Set<ChildProcess>();
const killAll = (): void => running.forEach((child) => void child.kill("SIGKILL"));
afterAll(killAll);
process.once("exit", killAll);

/** A real Ringbell process. Disposing of it kills it, if it still runs. */
export class RingbellProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiters = new Waiters();
  #stdout = "";
  #stderr = "";
  #logs: LogLine[] = [];
  #unread = "";
  #ended: Ended | undefined;

  constructor({ args, env = {}, cwd, program = SOURCES }: ProcessOptions) {
    this.#child = spawn(process.execPath, [...program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#takeOut(text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#waiters.check();
    });
    // `close` comes after the last byte of both streams.
    this.#child.on("close", (code, signal) => {
      this.#ended = { code, signal };
      running.delete(this.#child);
      this.#waiters.check();
    });
    running.add(this.#child);
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The lines of standard output that are JSON objects. */
  get logs(): readonly LogLine[] {
    return this.#logs;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** The end of all output. Waits `patienceMs` at most. */
  async ended(patienceMs = PATIENCE_MS): Promise<Ended> {
    await this.#until("its end", () => this.#ended !== undefined, patienceMs);
    return this.#ended ?? { code: null, signal: null };
  }

  /** The `nth` log line with this message (and, where given, for which `holds` is true), now or when it comes. */
  async log(msg: string, holds: (line: LogLine) => boolean = () => true, nth = 1): Promise<LogLine> {
    const found = (): LogLine | undefined =>
      this.#logs.filter((line) => line.msg === msg && holds(line))[nth - 1];
    await this.until(`log line "${msg}" (${nth})`, () => found() !== undefined);
    return found() as LogLine;
  }

  /** Waits until `holds`, which is looked at after each output. An end of the process ends the wait in vain. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await this.#until(what, () => holds() || this.#ended !== undefined, PATIENCE_MS);
    if (!holds()) throw new Error(`Ringbell ended before ${what}:\n${this.describe()}`);
  }

  /** Waits for something outside that the process is to bring about. */
  async bringsAbout<T>(what: string, promise: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}:\n${this.describe()}`)),
      PATIENCE_MS,
    );
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  /** `http://127.0.0.1:PORT`, from the log line that says so. */
  async url(): Promise<string> {
    const { listen } = (await this.log("starting")) as LogLine & { readonly listen: string };
    return `http://${listen}`;
  }

  async get(
    path: string,
  ): Promise<{ readonly status: number; readonly body: string; readonly type: string }> {
    const answer = await fetch((await this.url()) + path);
    const type = answer.headers.get("content-type") ?? "";
    return { status: answer.status, body: await answer.text(), type };
  }

  /** Waits until `/readyz` says 200. */
  async ready(): Promise<void> {
    await this.url();
    await eventually(`ready\n${this.describe()}`, async () => (await this.get("/readyz")).status === 200);
  }

  /** Sends a signal, without waiting for what it does. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Reads no more of standard output, as when a log collector has died: writes to it fail from now on. */
  closeStdout(): void {
    this.#child.stdout?.destroy();
  }

  /** `kill -9`, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill("SIGKILL");
    await this.ended();
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<Ended> {
    this.#child.kill("SIGTERM");
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  /** All its output, for the messages of failed tests. */
  describe(): string {
    const end = this.#ended ? ` (ended: ${this.#ended.code ?? this.#ended.signal})` : "";
    return `--- stdout${end}\n${this.#stdout}--- stderr\n${this.#stderr}`;
  }

  async #until(what: string, holds: () => boolean, patienceMs: number): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new Error(`Waited ${patienceMs} ms in vain for ${what}:\n${this.describe()}`));
    }, patienceMs);
    await Promise.race([this.#waiters.until(holds), late]).finally(() => clearTimeout(timer));
  }

  #takeOut(text: string): void {
    this.#stdout += text;
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop() ?? "";
    for (const line of lines.filter((each) => each.startsWith("{")))
      this.#logs.push(JSON.parse(line) as LogLine);
    this.#waiters.check();
  }
}

/** Runs Ringbell to its end and returns what it said. */
export async function runToEnd(
  options: ProcessOptions,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  await using ringbell = new RingbellProcess(options);
  const { code } = await ringbell.ended();
  return { code, stdout: ringbell.stdout, stderr: ringbell.stderr };
}
