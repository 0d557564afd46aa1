import { expect, test } from "vitest";
import { followFile } from "../../src/commands/follow-file.ts";
import { VirtualClock } from "../../src/runtime/virtual-clock.ts";

function following() {
  const clock = new VirtualClock(0);
  const file = { text: "one" as string | undefined };
  const log: string[] = [];
  const followed = followFile({
    read() {
      if (file.text === undefined) throw new Error("ENOENT");
      return file.text;
    },
    text: "one",
    clock,
    onText: (text) => log.push(text),
    onUnreadable: () => log.push("unreadable"),
  });
  return { clock, file, log, followed };
}

test("a file that stays as it is is not read out again", () => {
  const { clock, log } = following();
  clock.advanceTo(10_000);
  expect(log).toEqual([]);
});

test("an edit is seen within a second, and once", () => {
  const { clock, file, log } = following();
  file.text = "two";
  clock.advanceTo(1_000);
  clock.advanceTo(10_000);
  expect(log).toEqual(["two"]);
});

test("check() looks at once", () => {
  const { file, log, followed } = following();
  file.text = "two";
  followed.check();
  expect(log).toEqual(["two"]);
});

test("a file that is gone for a moment is no edit, and is told once", () => {
  const { clock, file, log } = following();
  file.text = undefined;
  clock.advanceTo(5_000);
  file.text = "one";
  clock.advanceTo(10_000);
  file.text = "two";
  clock.advanceTo(11_000);
  expect(log).toEqual(["unreadable", "two"]);
});

test("stop() leaves no timer", () => {
  const { clock, followed } = following();
  clock.advanceTo(3_000);
  followed.stop();
  expect(clock.nextTimerMs()).toBeUndefined();
});
