import type { Judgement } from "./checks.ts";
import { type Line, span, widthOf, wrapped } from "./styled-line.ts";

const SIGN_WIDTH = 3;

/** What came of each chapter, in lines of at most `width` columns. */
export function judgementLines(judgements: readonly Judgement[], width: number): readonly Line[] {
  const titleWidth = Math.max(...judgements.map(({ title }) => title.length)) + 2;
  return judgements.flatMap(({ title, ok, text }) => {
    const sign = ok ? span(" ✔ ", "green", "bold") : span(" ✘ ", "red", "bold");
    const said = ok ? span(text) : span(text, "red");
    return wrapped([sign, span(title.padEnd(titleWidth), "bold"), said], width, SIGN_WIDTH + titleWidth);
  });
}

/** How to go on with a real cluster, in lines of at most `width` columns. `command` is what starts Ringbell here. */
export function nextSteps(command: string, width: number): readonly Line[] {
  const rules = "rules.example.yaml";
  const steps: readonly (readonly [string, string])[] = [
    [`${command} check ${rules}`, "what a rules file watches, and whom it tells"],
    [`${command} rbac ${rules}`, "the permissions it needs, for kubectl apply -f -"],
    [`${command} run --rules ${rules}`, "watches the cluster of $KUBECONFIG or ~/.kube/config"],
  ];
  const commandWidth = Math.max(...steps.map(([text]) => text.length)) + 3;
  const rows = steps.map(([text, about]): Line => [
    span("   "),
    span(text.padEnd(commandWidth), "cyan"),
    span(about, "dim"),
  ]);
  const fits = rows.every((row) => widthOf(row) <= width);
  const stacked = steps.flatMap(([text, about]): Line[] => [
    [span("   "), span(text, "cyan")],
    [span("     "), span(about, "dim")],
  ]);
  return [
    [span("That was the code of "), span("ringbell run", "bold"), span(". With a cluster of your own:")],
    ...(fits ? rows : stacked),
  ];
}
