import type { Receipt } from "./receipt.ts";
import { listWords, spanWords } from "./happening.ts";
import { CHAPTERS, type ChapterId, STORY_MEMBERS } from "./story.ts";

/** All that the receivers and an onlooker saw of the story. */
export interface Seen {
  /** In order of time. */
  readonly receipts: readonly (Receipt & { readonly chapter: ChapterId })[];
  /** How many members were replaced without anybody being told. */
  readonly replacedSilently: number;
  readonly longestAwayMs: number;
  /** Warnings and errors of Ringbell's log. */
  readonly problems: readonly string[];
}

/** What became of one chapter. */
export interface Judgement {
  readonly title: string;
  readonly ok: boolean;
  /** What was seen; where it is not as it should be, what that would have been. */
  readonly text: string;
}

/** Who hears what, in order of time and then of name: `destination word`. */
const EXPECTED: Readonly<Record<ChapterId, readonly string[]>> = {
  steady: [],
  restart: [],
  crash: ["data-team firing", "on-call trigger", "data-team resolved", "on-call resolve"],
  scaleDown: ["data-team changed", "rebalancer change"],
};

/** The members that go for good. */
const LEFT = ["cassandra-3", "cassandra-4"];

/** Compares what was seen with what the story is to show, chapter by chapter. Pure. */
export function judge(seen: Seen): readonly Judgement[] {
  const chapters = CHAPTERS.map(({ id, title }) => {
    const receipts = seen.receipts.filter(({ chapter }) => chapter === id);
    const faults = [...heardFaults(id, receipts), ...CHECKS[id](receipts, seen)];
    const ok = faults.length === 0;
    return { title, ok, text: ok ? WORDS[id](receipts, seen) : faults.join("; ") };
  });
  if (seen.problems.length === 0) return chapters;
  return [...chapters, { title: "Ringbell's log", ok: false, text: seen.problems.join("; ") }];
}

function heardFaults(id: ChapterId, receipts: readonly Receipt[]): string[] {
  const wanted = EXPECTED[id];
  const heard = receipts
    .toSorted((a, b) => a.atMs - b.atMs || (a.destination < b.destination ? -1 : 1))
    .map(({ destination, word }) => `${destination} ${word}`);
  const refused = receipts
    .filter(({ status }) => status < 200 || status > 299)
    .map(({ destination, status }) => `${destination} answered ${status}`);
  if (heard.join("\n") === wanted.join("\n")) return refused;
  return [`receivers got ${listOrNothing(heard)}, expected ${listOrNothing(wanted)}`, ...refused];
}

type Check<Result> = (receipts: readonly Receipt[], seen: Seen) => Result;

const CHECKS: Readonly<Record<ChapterId, Check<readonly string[]>>> = {
  steady: () => [],
  restart: (_receipts, { replacedSilently }) =>
    replacedSilently === STORY_MEMBERS
      ? []
      : [`${replacedSilently} members were seen as replaced, expected ${STORY_MEMBERS}`],
  crash(receipts) {
    const keys = new Set(receipts.filter(({ kind }) => kind === "pagerduty").map(({ dedupKey }) => dedupKey));
    return keys.size === 1 ? [] : [`PagerDuty got ${keys.size} different dedup_keys, expected one`];
  },
  scaleDown(receipts) {
    const hook = receipts.find(({ kind }) => kind === "webhook");
    if (!hook) return [];
    const faults: string[] = [];
    if (hook.left.join() !== LEFT.join()) {
      faults.push(`the webhook names ${listOrNothing(hook.left)} as left, expected ${listWords(LEFT)}`);
    }
    if (hook.generation !== 1) faults.push(`its generation is ${hook.generation}, expected 1`);
    if (hook.signatureFault !== undefined) faults.push(`its signature does not hold: ${hook.signatureFault}`);
    return faults;
  },
};

const WORDS: Readonly<Record<ChapterId, Check<string>>> = {
  steady: () => "nobody was told",
  restart: (_receipts, { replacedSilently, longestAwayMs }) =>
    `${replacedSilently} members replaced, each back within ${spanWords(longestAwayMs)}: nobody was told`,
  crash: () => "Slack and PagerDuty got a fire and a resolve, under one dedup_key",
  scaleDown: () => "one webhook with both members, its signature right, generation 1; a line in Slack",
};

function listOrNothing(words: readonly string[]): string {
  return listWords(words) || "nothing";
}
