/** What an editor says about one key of the rules file. */
export interface KeyDoc {
  readonly description: string;
  /** What counts when the key is left out; as it would be written. */
  readonly default?: unknown;
  /** As they would be written. */
  readonly examples?: readonly unknown[];
}

const REASONS = "of scaledDown, rollout, evicted, nodeLost, crashed, deleted, unready, unknown";

/**
 * Every key of the rules file in one sentence or two, by its path without list indices; `*` stands for a name of the
 * operator's own. `defaults.x` is as `rules.x` where it has no line of its own. Destinations are in `destination-docs.ts`.
 */
export const SCHEMA_DOCS: Readonly<Record<string, KeyDoc>> = {
  version: { description: "The version of this format: 1.", examples: [1] },
  destinations: {
    description:
      "Where to tell, each below a name of your own. Secrets never stand here: { env: NAME } or { file: PATH } says where they are.",
    examples: [{ "data-team": { slack: { webhookUrl: { env: "SLACK_WEBHOOK_URL" } } } }],
  },
  selfNotify: {
    description:
      "Destinations that hear of Ringbell's own troubles, such as an API server that it cannot reach.",
    examples: [["data-team"]],
  },
  blindAfter: {
    description: "After so long without a sign of life from the API server nothing is decided. At least 10s.",
    default: "1m",
    examples: ["90s"],
  },
  muteWindows: {
    description:
      "Times at which the rules or destinations that name them do not speak, each below a name of your own.",
    examples: [{ nights: { timeZone: "Europe/Berlin", days: "mon-fri", from: "22:00", to: "06:00" } }],
  },
  "muteWindows.*": {
    description: "A span of time, or a list of them.",
    examples: [{ timeZone: "UTC", days: "sat-sun" }],
  },
  "muteWindows.*.timeZone": {
    description: "Whose clocks count: a name of the IANA database.",
    examples: ["Europe/Berlin", "UTC"],
  },
  "muteWindows.*.days": {
    description: "Days of the week on which it begins; all when left out.",
    examples: ["mon-fri", ["sat", "sun"]],
  },
  "muteWindows.*.from": {
    description: "The time of day at which it begins, with `to`; without both it is whole days.",
    examples: ["22:00"],
  },
  "muteWindows.*.to": {
    description: "The time of day at which it ends; on the next day when that is not after `from`.",
    examples: ["06:00"],
  },
  "muteWindows.*.start": {
    description: "The moment at which a single span begins, by the clocks of the time zone.",
    examples: ["2026-12-24T18:00"],
  },
  "muteWindows.*.end": {
    description: "The moment at which a single span ends.",
    examples: ["2026-12-27T06:00"],
  },
  defaults: {
    description: "What rules take where they say nothing themselves.",
    examples: [{ severity: "warning", notify: ["data-team"] }],
  },
  "defaults.labels": {
    description: "Labels that go along with every notice. A rule's own labels are added, and win.",
    examples: [{ team: "data" }],
  },
  rules: {
    description: "What to watch, when to speak, whom to tell.",
    examples: [
      [
        {
          name: "below-quorum",
          ring: { namespace: "data", service: "cassandra" },
          when: { readyBelow: 3 },
          notify: ["data-team"],
        },
      ],
    ],
  },
  "rules.name": {
    description:
      "Names the rule in messages, metrics and delivery ids: up to 63 lower-case letters, digits and hyphens. Another name is another rule, without memory of the old one's alerts.",
    examples: ["cassandra-below-quorum"],
  },
  "rules.ring": {
    description: "Which rings (the members of one Service each) the rule is about.",
    examples: [{ namespace: "data", service: "cassandra" }],
  },
  "rules.ring.namespace": {
    description: 'A name, a glob or a list of them. All namespaces must be asked for: "*".',
    examples: ["data", ["shop", "shop-eu"], "*"],
  },
  "rules.ring.service": {
    description: "A name, a glob or a list of them.",
    default: "*",
    examples: ["cassandra", "*-api", ["kafka", "zookeeper"]],
  },
  "rules.ring.labels": {
    description: "Labels that the Service must have, each with exactly this value.",
    examples: [{ tier: "storage" }],
  },
  "rules.ring.namespaceLabels": {
    description: "Labels that the ring's namespace must have, each with exactly this value.",
    examples: [{ env: "production" }],
  },
  "rules.ring.except": {
    description: "Rings that are left out: what is given must all match. One map, or a list of them.",
    examples: [{ service: "canary-*" }, [{ namespace: "kube-*" }, { labels: { ringbell: "off" } }]],
  },
  "rules.ring.except.namespace": { description: "Leaves out these namespaces.", examples: ["kube-*"] },
  "rules.ring.except.service": { description: "Leaves out these Services.", examples: ["canary-*"] },
  "rules.ring.except.labels": {
    description: "Leaves out Services with all these labels.",
    examples: [{ ringbell: "off" }],
  },
  "rules.when": {
    description:
      "Makes it a condition rule: it opens an alert while this holds, and resolves it. A map of conditions, all of which must hold, or a CEL expression.",
    examples: [{ readyBelow: 3 }, "ring.zones.exists(z, z.ready == 0)"],
  },
  "rules.when.readyBelow": {
    description: "Fewer members are ready than this number, or than this share of the expected size.",
    examples: [3, "60%"],
  },
  "rules.when.notReadyAbove": {
    description: "More members are not ready than this number, or than this share of the expected size.",
    examples: [2, "40%"],
  },
  "rules.when.membersBelow": {
    description:
      "There are fewer members than this, ready or not; a number, or a share of the expected size.",
    examples: [5, "80%"],
  },
  "rules.when.noneReady": {
    description: "No member is ready, also when there is no member.",
    examples: [true],
  },
  "rules.when.missing": {
    description: "The Service has no EndpointSlice (or Endpoints object) at all: deleted, or never made.",
    examples: [true],
  },
  "rules.when.zoneWithoutReady": {
    description: "A zone that has members has none that is ready.",
    examples: [true],
  },
  "rules.when.zonesBelow": { description: "Ready members are in fewer zones than this.", examples: [2] },
  "rules.when.nodeShareAbove": {
    description: "More than this share of the members is on one node.",
    examples: ["50%"],
  },
  "rules.when.flapping": {
    description: "So many changes (a member came, went, or changed its readiness) were within so long.",
    examples: [{ changes: 6, within: "10m" }],
  },
  "rules.when.flapping.changes": { description: "How many changes are too many: 2 to 100.", examples: [6] },
  "rules.when.flapping.within": { description: "Within how long. At least 1s.", examples: ["10m"] },
  "rules.on": {
    description:
      "Makes it a change rule: it tells each settled change once. `changed` is short for joined, left, replaced, moved and removed.",
    examples: [["left"], ["changed"], ["joined", "left", "removed"]],
  },
  "rules.each": {
    description:
      "Asks the condition of each member or zone instead of the whole ring, and speaks once per ring.",
    examples: ["zone"],
  },
  "rules.for": {
    description:
      "How long the condition must have held without a break before the alert fires. Only with `when`.",
    default: "0s",
    examples: ["30s"],
  },
  "rules.keepFiringFor": {
    description: "How long the condition must not have held before the alert resolves. Only with `when`.",
    default: "0s",
    examples: ["5m"],
  },
  "rules.repeat": {
    description: "A firing alert is told again after so long. At least 1m; left out: never.",
    examples: ["4h"],
  },
  "rules.cooldown": {
    description:
      "At least so long between the end of an alert and its next, or between two reports of changes.",
    default: "0s",
    examples: ["15m"],
  },
  "rules.damping": {
    description: "An alert that fires and resolves so often within so long is told once, as flapping.",
    examples: [{ changes: 6, within: "30m" }],
  },
  "rules.damping.changes": { description: "How often is too often: 2 to 100.", examples: [6] },
  "rules.damping.within": { description: "Within how long. At least 1s.", examples: ["30m"] },
  "rules.settle": {
    description:
      "How long a member's change must have stood before it counts: a Pod that is back within it never left. A duration, or one for each reason of leaving. Only with `on`.",
    default: "10s",
    examples: ["60s", { scaledDown: "5s", default: "10m" }],
  },
  "rules.settle.*": { description: "For members that left for this reason.", examples: ["5m"] },
  "rules.settle.default": { description: "For all other changes.", default: "10s", examples: ["60s"] },
  "defaults.settle": {
    description: "How long a member's change must have stood before it counts.",
    default: "10s",
    examples: ["60s"],
  },
  "rules.maxWait": {
    description:
      "A change is told after so long even while other members are still settling. Ten times `settle` when left out. Only with `on`.",
    examples: ["10m"],
  },
  "rules.reasons": {
    description:
      "Also watches Pods and workloads, so that it is known why a member left. Needs more permissions.",
    default: false,
    examples: [true],
  },
  "rules.reason": {
    description: `Tells only members that left for this reason, or one of these: ${REASONS}.`,
    examples: ["nodeLost", ["evicted", "crashed"]],
  },
  "rules.during": {
    description: "What to do while something else is going on.",
    examples: [{ rollout: "hold" }],
  },
  "rules.during.rollout": {
    description: "`hold` tells nothing until the rollout is over, and after an hour at the latest.",
    examples: ["hold", { hold: "20m" }],
  },
  "rules.during.rollout.hold": {
    description: "How long a rollout may hold changes back.",
    default: "1h",
    examples: ["20m"],
  },
  "rules.guard": {
    description:
      "A change beyond these limits goes to others than usual: it must not start what the usual ones start.",
    examples: [{ minMembers: 3, maxLost: "50%", otherwise: ["on-call"] }],
  },
  "rules.guard.minMembers": {
    description: "The ring must have at least so many members after the change.",
    examples: [3],
  },
  "rules.guard.maxLost": {
    description: "No more members than this may have left; percent are of those before.",
    examples: ["50%", 2],
  },
  "rules.guard.otherwise": {
    description: "Whom to tell instead; an empty list for nobody.",
    examples: [["on-call"]],
  },
  "rules.mute": {
    description: "Names of mute windows during which the rule does not speak.",
    examples: [["nights"]],
  },
  "rules.suppressedBy": {
    description: "While one of these rules fires for the same ring, zone or node, this one does not speak.",
    examples: [["node-lost"], [{ rule: "node-lost", same: "node" }]],
  },
  "rules.suppressedBy.rule": { description: "The rule that speaks for this one.", examples: ["node-lost"] },
  "rules.suppressedBy.same": {
    description: "What both must be about.",
    default: "ring",
    examples: ["node"],
  },
  "rules.severity": {
    description: "How bad it is; destinations show it.",
    default: "warning",
    examples: ["critical"],
  },
  "rules.notify": {
    description: "Names from `destinations`: whom to tell.",
    examples: [["data-team", "on-call"]],
  },
  "rules.title": {
    description: "The headline, with {{ CEL }} in holes. At most 1,000 characters.",
    examples: ["{{ ring.service }}: {{ ring.ready }} of {{ ring.total }} ready"],
  },
  "rules.message": {
    description: "The text, with {{ CEL }} in holes. At most 10,000 characters.",
    examples: ['{{ change.left.map(m, m.name).join(", ") }} left {{ ring.key }}'],
  },
  "rules.runbook": {
    description: "What to do about it: an absolute http or https URL.",
    examples: ["https://runbooks.example.com/cassandra"],
  },
  "rules.labels": {
    description: "Labels of your own that go along with every notice.",
    examples: [{ team: "data" }],
  },
  "rules.source": {
    description: "Which API object says who the members are. Endpoints is deprecated in Kubernetes.",
    default: "endpointslices",
    examples: ["endpoints"],
  },
  "rules.membership": {
    description:
      "Who counts as being in the ring: `present` is listed and not terminating, `serving` also serves.",
    default: "present",
    examples: ["serving"],
  },
};
