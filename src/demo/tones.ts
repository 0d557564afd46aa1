import type { Happening, Tone } from "./happening.ts";
import { type Line, span, type Style } from "./styled-line.ts";

interface Look {
  readonly sign: string;
  readonly signStyles: readonly Style[];
  readonly textStyles: readonly Style[];
}

const LOOKS: Readonly<Record<Tone, Look>> = {
  cause: { sign: "»", signStyles: ["cyan", "bold"], textStyles: ["cyan"] },
  ready: { sign: "●", signStyles: ["green"], textStyles: [] },
  unready: { sign: "○", signStyles: ["yellow"], textStyles: [] },
  terminating: { sign: "◌", signStyles: ["magenta"], textStyles: [] },
  gone: { sign: "·", signStyles: ["dim"], textStyles: [] },
  quiet: { sign: "–", signStyles: ["dim"], textStyles: ["dim"] },
  pending: { sign: "…", signStyles: ["yellow"], textStyles: ["yellow"] },
  fire: { sign: "▲", signStyles: ["red", "bold"], textStyles: ["red", "bold"] },
  resolve: { sign: "✔", signStyles: ["green", "bold"], textStyles: ["green", "bold"] },
  change: { sign: "◆", signStyles: ["blue", "bold"], textStyles: ["blue", "bold"] },
  sent: { sign: "→", signStyles: ["green"], textStyles: [] },
  problem: { sign: "!", signStyles: ["red", "bold"], textStyles: ["red"] },
};

/** A happening with its sign, in its colours, without its time. */
export function happeningLine({ tone, text }: Pick<Happening, "tone" | "text">): Line {
  const { sign, signStyles, textStyles } = LOOKS[tone];
  return [span(sign, ...signStyles), span(" "), span(text, ...textStyles)];
}
