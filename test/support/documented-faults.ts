import { readFileSync } from "node:fs";

/** A row of the tables in `docs/reliability.md`. */
export interface DocumentedFault {
  /** As its test is named. */
  readonly name: string;
  /** How soon Ringbell knows again, as the test has it; undefined where a test says it in its own way. */
  readonly within: string | undefined;
}

const PAGE = new URL("../../docs/reliability.md", import.meta.url);
/** `| what happens (the test's name) | what Ringbell does | knows again after |` */
const ROW = /^\| (?!what happens|---)(.+?) \| .+ \| (.+?) \|$/gm;

/** All faults that the page tells of. */
export function documentedFaults(): readonly DocumentedFault[] {
  return [...readFileSync(PAGE, "utf8").matchAll(ROW)].map(([, name = "", within = ""]) => ({
    name: name.replaceAll("`", ""),
    within: within === "–" ? undefined : within,
  }));
}
