import { judge } from "../demo/checks.ts";
import type { DemoPlaces } from "../demo/demo-rules.ts";
import { judgementLines, nextSteps } from "../demo/ending.ts";
import type { View } from "../demo/frame.ts";
import { type Happening, storyTime } from "../demo/happening.ts";
import { Observer } from "../demo/observer.ts";
import { LiveShow, PlainShow, type ShowOptions, writeLines } from "../demo/show.ts";
import { openStage, type Stage } from "../demo/stage.ts";
import { chapterAt, CHAPTERS, chapterStartMs, STORY_MEMBERS, STORY_MS, STORY_RING } from "../demo/story.ts";
import type { Clock } from "../runtime/clock.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { ClusterModel } from "../simulator/cluster-model.ts";
import { playSteps } from "../simulator/play.ts";

/** What `ringbell demo` needs of the world. */
export interface DemoOptions extends ShowOptions {
  /** As fast as it goes, in plain lines: for tests. */
  readonly fast: boolean;
  readonly err: (text: string) => void;
  /** What starts Ringbell here, for the hints at the end: `ringbell`. */
  readonly command: string;
  /** Real time. */
  readonly clock: Clock;
  /** Other rules than the demo's own, to see that it finds out. */
  readonly rules?: (places: DemoPlaces) => string;
}

/** Story time per real time: three minutes and a half in three quarters of a minute. */
const SPEED = 5;
const FRAME_MS = 80;
/** A process that was stopped for an hour goes on where it was. */
const LONGEST_FRAME_MS = 500;

/**
 * `ringbell demo`: plays the story through the code of `run` and shows it. Returns the exit code: 0 when all that the story
 * is to show was seen, or when the user has stopped it; 1 when something was missing or too much.
 */
export async function demo(options: DemoOptions): Promise<number> {
  const startMs = options.clock.now();
  const clock = new VirtualClock(startMs);
  const log: Happening[] = [];
  const show =
    options.terminal.isTTY && !options.fast ? new LiveShow(options) : new PlainShow(options, startMs);
  using _ = show;
  const observer = new Observer(clock, (happening) => {
    log.push(happening);
    show.onHappening(happening);
  });
  show.onChapter(0);
  const model = new ClusterModel(STORY_RING);
  await using stage = await openStage(
    { clock, observer, ...(options.rules && { rules: options.rules }) },
    (api) => {
      playSteps(clock, api.store, model.begin(startMs, STORY_MEMBERS));
    },
  );
  scheduleChapters({ clock, startMs, stage, model, observer, onChapter: (index) => show.onChapter(index) });
  const view = (): View => ({
    nowMs: clock.now(),
    startMs,
    chapter: chapterAt(clock.now() - startMs),
    speed: SPEED,
    ring: observer.ring,
    rules: observer.rules,
    log,
  });
  await playThrough(options, stage, startMs, () => show.onFrame(view()));
  show[Symbol.dispose]();
  if (options.stop.aborted) {
    options.terminal.write(
      `Stopped at ${storyTime(clock.now() - startMs)} of ${storyTime(STORY_MS)}; nothing is left running\n`,
    );
    return 0;
  }
  show.onEnd(view());
  return judged(options, stage, observer, startMs);
}

/** Lets the story pass, at its pace or at once. */
async function playThrough(
  { fast, clock, stop }: DemoOptions,
  stage: Stage,
  startMs: number,
  onFrame: () => void,
): Promise<void> {
  if (fast) return stage.passTo(startMs + STORY_MS, stop);
  let storyMs = 0;
  let lastMs = clock.now();
  while (!stop.aborted && storyMs < STORY_MS) {
    const nowMs = clock.now();
    storyMs = Math.min(STORY_MS, storyMs + Math.min(LONGEST_FRAME_MS, nowMs - lastMs) * SPEED);
    lastMs = nowMs;
    await stage.passTo(startMs + storyMs, stop);
    onFrame();
    // Rejects when the user stops it; the loop sees that by itself.
    await clock.sleep(FRAME_MS, stop).catch(() => undefined);
  }
}

interface Schedule {
  readonly clock: VirtualClock;
  readonly startMs: number;
  readonly stage: Stage;
  readonly model: ClusterModel;
  readonly observer: Observer;
  readonly onChapter: (index: number) => void;
}

function scheduleChapters({ clock, startMs, stage, model, observer, onChapter }: Schedule): void {
  for (const [index, { cues }] of CHAPTERS.entries()) {
    const beginMs = startMs + chapterStartMs(index);
    if (index > 0) {
      clock.at(beginMs, () => {
        observer.onChapter();
        onChapter(index);
      });
    }
    for (const { afterMs, caption, play } of cues) {
      clock.at(beginMs + afterMs, () => {
        observer.onCause(caption);
        playSteps(clock, stage.api.store, play(model, clock.now()));
      });
    }
  }
}

function judged(
  { terminal, err, colour, command }: DemoOptions,
  stage: Stage,
  observer: Observer,
  startMs: number,
): number {
  const judgements = judge({
    receipts: stage.receipts().map((receipt) => {
      const chapter = CHAPTERS[chapterAt(receipt.atMs - startMs)]?.id ?? "steady";
      return { ...receipt, chapter };
    }),
    replacedSilently: observer.replacedSilently,
    longestAwayMs: observer.longestAwayMs,
    problems: observer.problems,
  });
  // A pipe has no width.
  const width = terminal.isTTY ? terminal.columns - 1 : Infinity;
  writeLines(terminal, colour, [[], ...judgementLines(judgements, width), [], ...nextSteps(command, width)]);
  const failed = judgements.filter(({ ok }) => !ok);
  if (failed.length === 0) return 0;
  const titles = failed.map(({ title }) => title).join(", ");
  err(`The demo did not show what it should: ${titles}; this is a fault in Ringbell or in its demo\n`);
  return 1;
}
