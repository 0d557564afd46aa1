import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A program of this folder in a process of its own, which is told things and answers each with one message. */
export class Child implements Disposable {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(path: string, args: readonly string[] = [], execArgv: readonly string[] = []) {
    this.#name = path;
    this.#child = fork(join(import.meta.dirname, path), args, {
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  /** Sends a message without waiting. */
  tell(message: object): void {
    this.#child.send(message);
  }

  /** Sends a message and waits for the next one. Throws when the process ends instead. */
  async ask<T>(message: object): Promise<T> {
    const ended = new AbortController();
    const answer = once(this.#child, "message", { signal: ended.signal });
    const onExit = (code: number | null): void =>
      ended.abort(new Error(`Cannot measure: ${this.#name} ended with ${code}`));
    this.#child.once("exit", onExit);
    this.tell(message);
    try {
      const [first] = (await answer) as [T];
      return first;
    } catch (error) {
      throw ended.signal.aborted ? (ended.signal.reason as Error) : error;
    } finally {
      this.#child.off("exit", onExit);
    }
  }

  [Symbol.dispose](): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** In a child: answers each message with what `handle` gives, in order; nothing for undefined. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says at the call what the messages are
export function serveParent<T>(handle: (message: T) => Promise<object | undefined>): void {
  let last = Promise.resolve();
  process.on("message", (message) => {
    last = last.then(async () => {
      const answer = await handle(message as T);
      if (answer) process.send?.(answer);
    });
  });
  process.on("disconnect", () => process.exit());
}
