import { frameLines, headingLine, logLines, type View } from "./frame.ts";
import type { Happening } from "./happening.ts";
import { chapterLines, plainLine } from "./plain-line.ts";
import { Screen, type Terminal } from "./screen.ts";
import { type Line, painted } from "./styled-line.ts";

/** Where the story is shown, and how. */
export interface ShowOptions {
  readonly terminal: Terminal;
  readonly colour: boolean;
  /** Aborts when the user has seen enough. */
  readonly stop: AbortSignal;
}

/** How the story is shown. */
export interface Show extends Disposable {
  onHappening(happening: Happening): void;
  onChapter(index: number): void;
  onFrame(view: View): void;
  onEnd(view: View): void;
}

/** [I/O] A screen that is drawn anew several times a second; at the end all of it, to scroll back. */
export class LiveShow implements Show {
  readonly #options: ShowOptions;
  readonly #screen: Screen;
  readonly #close = (): void => this.#screen.close();

  constructor(options: ShowOptions) {
    this.#options = options;
    this.#screen = new Screen(options.terminal);
    // The user gets the terminal back at once, whatever still has to end.
    options.stop.addEventListener("abort", this.#close, { once: true });
  }

  onHappening(): void {
    // The next frame has it.
  }

  onChapter(): void {
    // The next frame has it.
  }

  onFrame(view: View): void {
    const { terminal, colour } = this.#options;
    this.#screen.draw(frameLines(view, terminal).map((line) => painted(line, colour)));
  }

  onEnd({ log, startMs }: View): void {
    const { terminal, colour } = this.#options;
    const width = terminal.columns - 1;
    writeLines(terminal, colour, [headingLine(width), ...logLines(log, startMs, width)]);
  }

  [Symbol.dispose](): void {
    this.#options.stop.removeEventListener("abort", this.#close);
    this.#screen.close();
  }
}

/** [I/O] One line for each happening, as it comes. */
export class PlainShow implements Show {
  readonly #options: ShowOptions;
  readonly #startMs: number;

  constructor(options: ShowOptions, startMs: number) {
    this.#options = options;
    this.#startMs = startMs;
  }

  onHappening(happening: Happening): void {
    this.#write([plainLine(happening, this.#startMs)]);
  }

  onChapter(index: number): void {
    this.#write(chapterLines(index));
  }

  onFrame(): void {
    // Lines are written as they come.
  }

  onEnd(): void {
    // All has been said.
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }

  #write(lines: readonly Line[]): void {
    writeLines(this.#options.terminal, this.#options.colour, lines);
  }
}

/** Writes lines below each other, in colour or not. */
export function writeLines(terminal: Terminal, colour: boolean, lines: readonly Line[]): void {
  terminal.write(lines.map((line) => `${painted(line, colour).trimEnd()}\n`).join(""));
}
