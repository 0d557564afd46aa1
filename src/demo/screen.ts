/** A terminal, or what stands for one. */
export interface Terminal {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html: the alternate screen and the cursor; and synchronized output, which
// terminals without it ignore: https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[H\u001b[2J";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const BEGIN_FRAME = "\u001b[?2026h\u001b[H";
const END_FRAME = "\u001b[J\u001b[?2026l";
const CLEAR_LINE_END = "\u001b[K";

/** [I/O] Draws frames over each other on the terminal's second screen, without flicker. The first one stays as it was. */
export class Screen implements Disposable {
  readonly #terminal: Terminal;
  #isOpen = true;
  #drawn = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.write(ENTER);
  }

  /** Shows these lines and nothing else. There must not be more than the terminal has rows, nor wider ones than it has columns. */
  draw(lines: readonly string[]): void {
    const { columns, rows } = this.#terminal;
    const text = lines.map((line) => line + CLEAR_LINE_END).join("\r\n");
    // After a change of size the terminal has moved the text about.
    const drawn = `${columns} ${rows} ${text}`;
    if (!this.#isOpen || drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#terminal.write(BEGIN_FRAME + text + END_FRAME);
  }

  /** Gives the cursor and the first screen back. Closing twice does no harm. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.write(LEAVE);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
