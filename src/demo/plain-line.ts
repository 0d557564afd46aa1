import { type Happening, storyTime } from "./happening.ts";
import { CHAPTERS } from "./story.ts";
import { type Line, span } from "./styled-line.ts";
import { happeningLine } from "./tones.ts";

/** A happening on a line of its own, its side named in a column: for pipes and logs. Never wrapped. */
export function plainLine(happening: Happening, startMs: number): Line {
  const time = storyTime(happening.atMs - startMs).padStart(5);
  const side = happening.side === "cluster" ? span("cluster ", "cyan") : span("ringbell", "bold");
  return [span(time, "dim"), span("  "), side, span("  "), ...happeningLine(happening)];
}

/** The heading of a chapter. */
export function chapterLines(index: number): readonly Line[] {
  const chapter = CHAPTERS[index];
  const place = `${index + 1} of ${CHAPTERS.length}`;
  return [
    [],
    [span(`── ${place}  ${chapter?.title ?? ""} ──`, "bold"), span(`  ${chapter?.about ?? ""}`, "dim")],
  ];
}
