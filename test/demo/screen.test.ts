import { describe, expect, test } from "vitest";
import { Screen } from "../../src/demo/screen.ts";

function terminal() {
  const written: string[] = [];
  return { isTTY: true, columns: 80, rows: 24, written, write: (text: string) => void written.push(text) };
}

describe("the screen", () => {
  test("draws over the last frame without clearing it first, and clears what is left of each line and below", () => {
    const tty = terminal();
    new Screen(tty).draw(["one", "two"]);
    expect(tty.written.at(-1)).toBe("\u001b[?2026h\u001b[Hone\u001b[K\r\ntwo\u001b[K\u001b[J\u001b[?2026l");
  });

  test("draws a frame once, until it or the terminal's size changes", () => {
    const tty = terminal();
    const screen = new Screen(tty);
    screen.draw(["one"]);
    screen.draw(["one"]);
    expect(tty.written).toHaveLength(2);
    tty.columns = 100;
    screen.draw(["one"]);
    expect(tty.written).toHaveLength(3);
  });

  test("gives the cursor back once, and then draws no more", () => {
    const tty = terminal();
    const screen = new Screen(tty);
    screen.close();
    screen.close();
    screen.draw(["one"]);
    expect(tty.written).toEqual([expect.stringContaining("\u001b[?25l"), "\u001b[?25h\u001b[?1049l"]);
  });
});
