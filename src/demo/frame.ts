import type { Ring } from "../ring/ring.ts";
import { type Happening, storyTime } from "./happening.ts";
import type { RuleState } from "./observer.ts";
import { RING_LEGEND, ringPicture } from "./ring-picture.ts";
import { type Moment, ruleStatus } from "./rule-status.ts";
import { chapterAt, CHAPTERS, STORY_MS } from "./story.ts";
import { cutTo, fitted, type Line, span, type Span, widthOf, wrapped } from "./styled-line.ts";
import { happeningLine } from "./tones.ts";

/** All that a frame shows. */
export interface View extends Moment {
  /** Index into `CHAPTERS`. */
  readonly chapter: number;
  /** Story time per real time. */
  readonly speed: number;
  readonly ring: Ring | undefined;
  readonly rules: readonly RuleState[];
  /** Oldest first. */
  readonly log: readonly Happening[];
}

/** The size of a screen, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** From this width on the two sides stand side by side. */
export const TWO_SIDES_COLUMNS = 100;
/** From this height on there is room for blank lines. */
const AIRY_ROWS = 30;
const TIME_WIDTH = 6;
/** A happening's sign and the blank after it. */
const SIGN_WIDTH = 2;
const GAP = "   ";

/** One screen full: never more lines than rows, never a line as wide as the screen. Pure. */
export function frameLines(view: View, size: Size): readonly Line[] {
  // A character in the last column makes some terminals wrap when the rest of the line is cleared.
  const width = Math.max(1, size.columns - 1);
  const head = headLines(view, width, size.rows >= AIRY_ROWS);
  const room = Math.max(0, size.rows - head.length - 1);
  const log = logLines(view.log, view.startMs, width);
  const body = [headingLine(width), ...log.slice(Math.max(0, log.length - room))];
  return [...head, ...body].slice(0, size.rows).map((line) => cutTo(line, width));
}

/** The whole log, in two columns where they fit, for the end. Pure. */
export function logLines(log: readonly Happening[], startMs: number, width: number): readonly Line[] {
  return width >= TWO_SIDES_COLUMNS - 1 ? twoSides(log, startMs, width) : oneSide(log, startMs, width);
}

/** The names of the two sides. Pure. */
export function headingLine(width: number): Line {
  if (width < TWO_SIDES_COLUMNS - 1) {
    return rule(
      [span("── "), span("cluster", "cyan"), span(" and "), span("Ringbell", "bold"), span(" ")],
      width,
    );
  }
  const left = sideWidth(width);
  const cluster = rule([span("──── "), span("IN THE CLUSTER", "bold"), span(" ")], TIME_WIDTH + left);
  const ringbell = rule(
    [span("── "), span("WHAT RINGBELL SAID, AND WHY", "bold"), span(" ")],
    width - left - TIME_WIDTH - 2,
  );
  return [...cluster, span("─┬", "dim"), ...ringbell];
}

function headLines(view: View, width: number, airy: boolean): Line[] {
  const { chapter, ring, rules } = view;
  const air: Line[] = airy ? [[]] : [];
  const baseline = rules.find((state) => state.baseline)?.baseline;
  const zones = ring ? ringPicture(ring, baseline) : [[span("waiting for the first list …", "dim")]];
  const nameWidth = Math.max(...rules.map(({ rule }) => rule.name.length), 0) + 2;
  return [
    titleLine(view, width),
    ...air,
    chaptersLine(chapter),
    [span(CHAPTERS[chapter]?.about ?? "")],
    ...air,
    ...flow([[span(ring?.key ?? "data/cassandra", "bold")], ...zones], width),
    ...(airy ? [RING_LEGEND] : []),
    ...air,
    ...rules.map((state) => [
      span(state.rule.name.padEnd(nameWidth), "bold"),
      ...ruleStatus(state, ring, view),
    ]),
    ...air,
  ];
}

function titleLine({ nowMs, startMs, speed }: View, width: number): Line {
  const left: Line = [span(" Ringbell demo ", "inverse", "bold"), span("  no cluster needed", "dim")];
  const clock = `story ${storyTime(nowMs - startMs)} of ${storyTime(STORY_MS)}, ${speed} × as fast`;
  const gap = width - widthOf(left) - clock.length;
  return gap > 0 ? [...left, span(" ".repeat(gap)), span(clock, "cyan")] : [...left, span(" "), span(clock)];
}

function chaptersLine(current: number): Line {
  return CHAPTERS.flatMap(({ title }, index): Span[] => {
    const gap = index > 0 ? [span(GAP)] : [];
    if (index < current) return [...gap, span("✔", "green"), span(` ${title}`, "dim")];
    if (index > current) return [...gap, span(`· ${title}`, "dim")];
    return [...gap, span(`▶ ${title}`, "bold", "cyan")];
  });
}

/** Pieces side by side as long as they fit, then on the next line. */
function flow(pieces: readonly Line[], width: number): Line[] {
  const lines: Line[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last && widthOf(last) + GAP.length + widthOf(piece) <= width) {
      lines[lines.length - 1] = [...last, span(GAP), ...piece];
    } else lines.push(piece);
  }
  return lines;
}

function sideWidth(width: number): number {
  return Math.min(43, Math.floor((width - TIME_WIDTH) * 0.4));
}

/** Time, cluster, Ringbell. What Ringbell says in the same second as the cluster's last news stands beside it. */
function twoSides(log: readonly Happening[], startMs: number, width: number): Line[] {
  const left = sideWidth(width);
  const right = width - left - TIME_WIDTH - 3;
  const pairs: { readonly atMs: number; readonly cluster?: Happening; ringbell?: Happening }[] = [];
  for (const happening of log) {
    const { atMs, side } = happening;
    const last = pairs.at(-1);
    if (side === "cluster") pairs.push({ atMs, cluster: happening });
    else if (last && !last.ringbell && last.atMs === atMs) last.ringbell = happening;
    else pairs.push({ atMs, ringbell: happening });
  }
  return timed(pairs, startMs, width, ({ cluster, ringbell }) => {
    const lefts = cluster ? wrapped(happeningLine(cluster), left, SIGN_WIDTH) : [];
    const rights = ringbell ? wrapped(happeningLine(ringbell), right, SIGN_WIDTH) : [];
    return Array.from({ length: Math.max(lefts.length, rights.length) }, (_none, index) => [
      ...fitted(lefts[index] ?? [], left),
      span(" │ ", "dim"),
      ...(rights[index] ?? []),
    ]);
  });
}

/** One after the other, Ringbell's set in. */
function oneSide(log: readonly Happening[], startMs: number, width: number): Line[] {
  return timed(log, startMs, width, (happening) => {
    const indent = happening.side === "cluster" ? "" : "  ";
    const lines = wrapped(happeningLine(happening), width - TIME_WIDTH - indent.length, SIGN_WIDTH);
    return lines.map((line) => [span(indent), ...line]);
  });
}

/** Puts the time before the first line of each second, and a heading before each chapter. */
function timed<Entry extends { readonly atMs: number }>(
  entries: readonly Entry[],
  startMs: number,
  width: number,
  linesOf: (entry: Entry) => readonly Line[],
): Line[] {
  let shownTime = "";
  let shownChapter = 0;
  return entries.flatMap((entry) => {
    const time = storyTime(entry.atMs - startMs);
    const chapter = chapterAt(entry.atMs - startMs);
    const lines = linesOf(entry).map((line, index): Line => {
      const label = index === 0 && time !== shownTime ? time : "";
      return [span(label.padStart(TIME_WIDTH - 2), "dim"), span("  "), ...line];
    });
    const heading = rule([span("── "), span(CHAPTERS[chapter]?.title ?? "", "bold"), span(" ")], width);
    const isNew = chapter !== shownChapter;
    shownTime = time;
    shownChapter = chapter;
    return isNew ? [heading, ...lines] : lines;
  });
}

function rule(title: Line, width: number): Line {
  const missing = Math.max(0, width - widthOf(title));
  return [
    ...title.map(({ text, styles }) => (styles.length > 0 ? { text, styles } : span(text, "dim"))),
    span("─".repeat(missing), "dim"),
  ];
}
