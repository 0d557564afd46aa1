import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { System } from "../support/system.ts";
import { isRecorded, playRecording } from "./recorded.ts";

/** All rules on the rings of namespace `lab`: one line each, with the source put in. */
function rules(source: string): string {
  const ring = 'ring: { namespace: lab, service: "*" }';
  const web = "ring: { namespace: lab, service: web }";
  return [
    `{ name: left, ${ring}, on: [left], settle: 30s }`,
    `{ name: changed, ${ring}, on: [changed], settle: 3s }`,
    `{ name: missing, ${web}, when: { missing: true } }`,
    `{ name: quorum, ${web}, when: { readyBelow: 5 } }`,
    `{ name: slow-quorum, ${web}, when: { readyBelow: 5 }, for: 1m }`,
    `{ name: none-ready, ${web}, when: { noneReady: true } }`,
  ]
    .map((rule) => `  - ${rule.replace("{", `{ source: ${source},`)}\n`)
    .join("");
}

/** Initial events, then a Pod goes. */
const FIVE_TO_FOUR = { changed: ["1 left"], left: ["1 left"], quorum: ["fire"], "slow-quorum": ["fire"] };

/**
 * What each rule says of what a real control plane sent, in the rule's own order. `fire` and `resolve` stand for alerts,
 * the rest is the title behind the ring's name. Rules that are not named say nothing.
 */
const EXPECTED: Record<string, Record<string, readonly string[]>> = {
  // Between two Pods all five are ready for some milliseconds, so a rule without a hold speaks five times.
  "rolling-restart": {
    changed: ["5 replaced"],
    quorum: Array.from({ length: 5 }, () => ["fire", "resolve"]).flat(),
  },
  "scale-down-5-3": {
    changed: ["2 left"],
    left: ["2 left"],
    quorum: ["fire", "update"],
    "slow-quorum": ["fire"],
  },
  "service-deleted": {
    changed: ["Service removed with its 5 members", "5 joined"],
    missing: ["fire", "resolve"],
    quorum: ["fire", "resolve"],
    "none-ready": ["fire", "resolve"],
  },
  "slices-merge": {},
  "scale-250-80": { changed: ["170 left"], left: ["170 left"] },
  "scale-0-250": { changed: ["250 joined"] },
  "not-ready-and-back": { quorum: ["fire", "resolve"] },
  "container-restart": { quorum: ["fire", "resolve"] },
  // An evicted Pod vanishes without ever terminating; its successor has the same name.
  "pod-failed": { changed: ["1 replaced"], quorum: ["fire", "resolve"] },
  // The node's Pods are not ready after 40 s, and back some seconds later.
  "node-lost": { quorum: ["fire", "resolve"] },
  // Labels and ports change; then the selector is cleared for two seconds, which leaves an empty slice.
  "service-changed": { quorum: ["fire", "resolve"], "none-ready": ["fire", "resolve"] },
  // Five to none, four seconds later none to two.
  "scale-to-zero": {
    changed: ["5 left", "2 joined"],
    left: ["3 left, 2 replaced"],
    quorum: ["fire", "update"],
    "slow-quorum": ["fire"],
    "none-ready": ["fire", "resolve"],
  },
  "deployment-rolling-update": { changed: ["10 left, 10 joined"], left: ["10 left, 10 joined"] },
  // The Service was missing before, so the alerts fire at the start; nobody joins, as the first state is silent.
  "watch-list": FIVE_TO_FOUR,
  "watch-rv-0": FIVE_TO_FOUR,
  "watch-rv-none": FIVE_TO_FOUR,
  // One slice for each family, written one after the other; three Pods come, one of them goes again.
  "dual-stack": {
    quorum: ["fire"],
    "slow-quorum": ["fire"],
    "none-ready": ["fire", "resolve"],
    changed: ["2 joined"],
  },
  create: {
    missing: ["fire", "resolve"],
    quorum: ["fire", "resolve"],
    "slow-quorum": ["fire", "resolve"],
    "none-ready": ["fire", "resolve"],
  },
};

/** Endpoints of a Service with publishNotReadyAddresses list all Pods as ready, so only slices tell of the NotReady one. */
const PUBLISHED = { quorum: ["fire"], "slow-quorum": ["fire"], changed: ["2 joined", "1 replaced"] };

/** Streams about how a watch begins and ends: whatever they bring is the first state, or nothing. */
const SILENT = [
  "watch-list-empty",
  "timeout-130s",
  "timeout-5s",
  "timeout-5s-no-bookmarks",
  "gone-watch",
  "gone-watch-rv-1",
  "future-watch",
  "server-stopped",
];

/** Rings of other names leave `web` missing from the start. */
const ABSENT_WEB = { missing: ["fire"], quorum: ["fire"], "slow-quorum": ["fire"], "none-ready": ["fire"] };
const WITHOUT_WEB = new Set(["slices-merge", "scale-250-80", "scale-0-250", "deployment-rolling-update"]);

function saidBy(system: System): Record<string, string[]> {
  const said: Record<string, string[]> = {};
  for (const { rule, kind, title, ring } of system.notices) {
    (said[rule] ??= []).push(kind === "change" ? title.slice(ring.key.length + 2) : kind);
  }
  return said;
}

describe.each(["endpointslices", "endpoints"] as const)("from real %s", (source) => {
  test.each(Object.entries(EXPECTED).filter(([name]) => isRecorded(name, source)))(
    "%s",
    async (name, expected) => {
      await using system = await System.start();
      await playRecording(system, name, source, rules(source));
      expect(saidBy(system)).toEqual(WITHOUT_WEB.has(name) ? { ...expected, ...ABSENT_WEB } : expected);
      expect(new Set(system.notices.map((notice) => notice.id)).size).toBe(system.notices.length);
    },
  );
});

test.each(SILENT)("nobody is told of %s", async (name) => {
  await using system = await System.start();
  await playRecording(system, name, "endpointslices", rules("endpointslices"));
  expect(system.notices.filter(({ kind }) => kind === "change")).toEqual([]);
});

test.each([
  ["endpointslices", ["fire", "resolve", "fire", "resolve"]],
  ["endpoints", ["fire", "resolve"]],
])("publish-not-ready from %s", async (source, noneReady) => {
  await using system = await System.start();
  await playRecording(system, "publish-not-ready", source as "endpoints", rules(source));
  expect(saidBy(system)).toEqual({ ...PUBLISHED, "none-ready": noneReady });
});

test("no recorded stream is left out", () => {
  const streams = readdirSync(new URL("../fixtures/recordings/", import.meta.url))
    .filter((file) => /\.endpointslices\.jsonl(\.gz)?$/.test(file))
    .map((file) => file.slice(0, file.indexOf(".")));
  expect([...Object.keys(EXPECTED), "publish-not-ready", ...SILENT].sort()).toEqual(streams.sort());
});

test("five replaced Pods are named, with their uids before and after, and nobody left or joined", async () => {
  await using system = await System.start();
  await playRecording(system, "rolling-restart", "endpointslices", rules("endpointslices"));
  const notice = system.notices.find(({ rule }) => rule === "changed");
  expect(notice?.change?.replaced.map(({ after }) => after.name)).toEqual([
    "web-0",
    "web-1",
    "web-2",
    "web-3",
    "web-4",
  ]);
  expect(notice?.change?.replaced.every(({ before, after }) => before.uid !== after.uid)).toBe(true);
  expect(notice?.change).toMatchObject({ left: [], joined: [], moved: [], removed: false, forced: false });
  expect(notice?.change?.before).toHaveLength(5);
  expect(notice?.change?.after).toHaveLength(5);
});

test("a deleted Service reports its members in before, nobody as left, and says so once", async () => {
  await using system = await System.start();
  await playRecording(system, "service-deleted", "endpointslices", rules("endpointslices"));
  const removed = system.notices.filter(({ change }) => change?.removed);
  expect(removed).toHaveLength(1);
  expect(removed[0]?.change?.left).toEqual([]);
  expect(removed[0]?.change?.before).toHaveLength(5);
});

test("dual-stack Pods are one member each, with an address of each family", async () => {
  await using system = await System.start();
  const rule = "  - { name: each, ring: { namespace: lab, service: web }, on: [changed], settle: 0s }\n";
  await playRecording(system, "dual-stack", "endpointslices", rule);
  const sizes = system.notices.map(({ counts }) => counts.total);
  expect(Math.max(...sizes)).toBe(3);
  const last = system.notices.at(-1)?.change?.after ?? [];
  expect(last.map((member) => member.addresses.length)).toEqual(last.map(() => 2));
  expect(new Set(last.map((member) => member.uid)).size).toBe(last.length);
});

test("Slack, PagerDuty and the webhook all hear of the same incident", async () => {
  await using system = await System.start();
  const rule = `
  - name: quorum
    ring: { namespace: lab, service: web }
    when: { readyBelow: 5 }
    severity: critical
    notify: [slack, pager, hook]
`;
  await playRecording(system, "not-ready-and-back", "endpointslices", rule);
  expect(system.notices.map(({ kind }) => kind)).toEqual(["fire", "resolve"]);
  const pages = system.pager.received.map(({ json }) => json as { event_action: string; dedup_key: string });
  expect(pages.map((page) => page.event_action)).toEqual(["trigger", "resolve"]);
  expect(new Set(pages.map((page) => page.dedup_key)).size).toBe(1);
  expect(system.slack.received.map(({ status }) => status)).toEqual([200, 200]);
});
