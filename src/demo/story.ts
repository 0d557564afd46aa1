import type { ClusterModel, ClusterModelOptions, ModelStep } from "../simulator/cluster-model.ts";

/** The four parts of the story. */
export type ChapterId = "steady" | "restart" | "crash" | "scaleDown";

/** Something that is done to the cluster, or happens to it. */
export interface Cue {
  /** In milliseconds of the story, after the chapter has begun. */
  readonly afterMs: number;
  /** As an operator would type or say it. */
  readonly caption: string;
  readonly play: (model: ClusterModel, nowMs: number) => ModelStep[];
}

/** A part of the story: what happens, and what to look for. */
export interface Chapter {
  readonly id: ChapterId;
  readonly title: string;
  readonly about: string;
  /** In milliseconds of the story. */
  readonly lastsMs: number;
  readonly cues: readonly Cue[];
}

/** How many members the ring begins with. */
export const STORY_MEMBERS = 5;

/** How many are left of it at the end. */
export const STORY_MEMBERS_LEFT = 3;

/** The ring of the story: one Service, its members spread over three zones. */
export const STORY_RING: ClusterModelOptions = {
  namespace: "data",
  service: "cassandra",
  // As Cassandra's usually is, so that its members find each other before they are ready.
  publishNotReadyAddresses: true,
  portName: "cql",
  port: 9042,
  times: { stopMs: 4_000, startMs: 4_000, readyMs: 4_000 },
};

/** A first look, then three things that happen to every ring. Each chapter ends when its last hold is over. */
export const CHAPTERS: readonly Chapter[] = [
  {
    id: "steady",
    title: "Steady state",
    about: "Ringbell lists the ring, watches it, and lets what it sees settle.",
    lastsMs: 34_000,
    cues: [],
  },
  {
    id: "restart",
    title: "Rolling restart",
    about: "All five members are replaced in turn, each back in time: nobody is told.",
    lastsMs: 92_000,
    cues: [
      {
        afterMs: 2_000,
        caption: "kubectl rollout restart sts/cassandra",
        play: (model, nowMs) => model.rollingRestart(nowMs),
      },
    ],
  },
  {
    id: "crash",
    title: "Crash",
    about: "One member fails, which a quorum survives. Then a node takes two more.",
    lastsMs: 56_000,
    cues: [
      {
        afterMs: 3_000,
        caption: "cassandra-2 runs out of memory",
        play: (model, nowMs) => model.notReady(nowMs, "cassandra-2"),
      },
      {
        afterMs: 13_000,
        caption: "node-2 loses its network",
        play: (model, nowMs) => model.loseNode(nowMs, "node-2"),
      },
      {
        afterMs: 42_000,
        caption: "node-2 is back",
        play: (model, nowMs) => model.recoverNode(nowMs, "node-2"),
      },
      {
        afterMs: 48_000,
        caption: "cassandra-2 has started again",
        play: (model, nowMs) => model.ready(nowMs, "cassandra-2"),
      },
    ],
  },
  {
    id: "scaleDown",
    title: "Scale-down",
    about: "Two members go for good: when that has settled, one webhook says so.",
    lastsMs: 46_000,
    cues: [
      {
        afterMs: 3_000,
        caption: `kubectl scale sts/cassandra --replicas=${STORY_MEMBERS_LEFT}`,
        play: (model, nowMs) => model.scale(nowMs, STORY_MEMBERS_LEFT),
      },
    ],
  },
];

/** How long the story is, in milliseconds of its own. */
export const STORY_MS = CHAPTERS.reduce((sum, { lastsMs }) => sum + lastsMs, 0);

/** When a chapter begins, in milliseconds after the story does. */
export function chapterStartMs(index: number): number {
  return CHAPTERS.slice(0, index).reduce((sum, { lastsMs }) => sum + lastsMs, 0);
}

/** Which chapter a moment belongs to; the last one for all that comes later. */
export function chapterAt(storyMs: number): number {
  const next = CHAPTERS.findIndex((_chapter, index) => storyMs < chapterStartMs(index + 1));
  return next === -1 ? CHAPTERS.length - 1 : next;
}
