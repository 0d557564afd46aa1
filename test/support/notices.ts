import type { Notice, NoticeAlert, NoticeChange } from "../../src/alerts/notice.ts";
import type { Member } from "../../src/ring/ring.ts";

/** A ready member of data/cassandra. Its key follows its name unless another is given. */
export function member(name = "cassandra-0", overrides: Partial<Member> = {}): Member {
  return {
    key: `data/${name}`,
    name,
    uid: `uid-${name}`,
    addresses: ["10.0.0.10"],
    zone: "eu-1a",
    node: "node-1",
    ready: true,
    serving: true,
    terminating: false,
    ...overrides,
  };
}

/** `cassandra-below-quorum` fires: 2 of 5 ready. */
export function fireNotice(overrides: Partial<Notice> = {}): Notice {
  return {
    version: 1,
    kind: "fire",
    rule: "cassandra-below-quorum",
    severity: "critical",
    ring: {
      key: "data/cassandra",
      namespace: "data",
      service: "cassandra",
      source: "endpointslices",
      present: true,
      labels: { app: "cassandra" },
    },
    time: "2026-11-21T03:04:35.000Z",
    title: "data/cassandra has lost its quorum",
    message: "2 of 5 ready, wanted at least 3",
    runbook: "https://runbooks.example/cassandra?step=1&lang=en",
    labels: { team: "data" },
    counts: { total: 5, ready: 2, serving: 2, terminating: 0 },
    alert: alert(),
    ...overrides,
  };
}

/** Its second episode still fires, as more members go. */
export function updateNotice(overrides: Partial<Notice> = {}): Notice {
  return fireNotice({
    kind: "update",
    time: "2026-11-21T03:10:00.000Z",
    message: "1 of 5 ready, wanted at least 3",
    counts: { total: 5, ready: 1, serving: 1, terminating: 0 },
    alert: alert({ reason: "1 of 5 ready, wanted at least 3" }),
    ...overrides,
  });
}

/** The same episode has ended. */
export function resolveNotice(overrides: Partial<Notice> = {}): Notice {
  return fireNotice({
    kind: "resolve",
    time: "2026-11-21T03:14:05.000Z",
    title: "data/cassandra has its quorum again",
    message: "5 of 5 ready",
    counts: { total: 5, ready: 5, serving: 5, terminating: 0 },
    alert: alert({ resolvedAt: "2026-11-21T03:14:05.000Z", durationSeconds: 600, reason: "5 of 5 ready" }),
    ...overrides,
  });
}

/** `pod-left-ring` reports generation 8: one member left, one was replaced. */
export function changeNotice(overrides: Partial<Notice> = {}, changed: Partial<NoticeChange> = {}): Notice {
  const { alert: _, ...rest } = fireNotice();
  const [zero, one, two] = [
    member("cassandra-0"),
    member("cassandra-1"),
    member("cassandra-2", { node: "node-7" }),
  ];
  const newOne = member("cassandra-1", { uid: "uid-new", node: "node-9", addresses: ["10.0.0.99"] });
  return {
    ...rest,
    kind: "change",
    rule: "pod-left-ring",
    severity: "warning",
    title: "data/cassandra: 1 left, 1 replaced",
    message: "cassandra-2 left the ring",
    counts: { total: 2, ready: 2, serving: 2, terminating: 0 },
    generation: 8,
    previousGeneration: 7,
    change: {
      removed: false,
      whileAway: false,
      forced: false,
      firstChangeAt: "2026-11-21T03:03:35.000Z",
      settledAt: "2026-11-21T03:04:35.000Z",
      before: [zero, one, two],
      after: [zero, newOne],
      joined: [],
      left: [two],
      replaced: [{ before: one, after: newOne }],
      moved: [],
      becameReady: [],
      becameUnready: [],
      ...changed,
    },
    ...overrides,
  };
}

/** What `ringbell` sends to try a destination. */
export function testNotice(overrides: Partial<Notice> = {}): Notice {
  const { alert: _, ...rest } = fireNotice();
  return {
    ...rest,
    kind: "test",
    severity: "info",
    title: "Test of Ringbell",
    message: "This is a test: nothing has happened",
    ...overrides,
  };
}

/** The alert of `fireNotice`: the rule's second episode for this ring. */
export function alert(overrides: Partial<NoticeAlert> = {}): NoticeAlert {
  return {
    episode: 2,
    since: "2026-11-21T03:04:05.000Z",
    firedAt: "2026-11-21T03:04:35.000Z",
    reason: "2 of 5 ready, wanted at least 3",
    notReady: [member("cassandra-2", { ready: false, serving: false })],
    ...overrides,
  };
}
