import type { Notice } from "../../src/alerts/notice.ts";
import type { Member } from "../../src/ring/ring.ts";
import { groupNotices } from "./group-notices.ts";
import { alert, changeNotice, fireNotice, member } from "./notices.ts";

/** Texts that whoever may write an EndpointSlice can put into a name: Kubernetes does not validate `targetRef`. */
const HOSTILE_TEXTS: readonly (readonly [string, string])[] = [
  ["empty", ""],
  ["markup", "<!channel> <@U012AB3CD> <https://evil.example|click> &amp; *bold* `code` ```block``` {{x}}"],
  ["only ampersands", "&".repeat(5000)],
  ["only angle brackets", "<>".repeat(2500)],
  ["control characters", "a\u0000b\u0007c\r\nd\te\u001b[31mred\u007f\u0085\u2028\u202eevil\u2066x"],
  ["line breaks", "line\n".repeat(1000)],
  ["emoji", "👩‍👩‍👧‍👦🔥".repeat(1000)],
  ["lone surrogates", "\ud83d".repeat(500) + "x" + "\udd25".repeat(500)],
  ["a pair at every place of a cut", `a${"🔥".repeat(5000)}`],
  ["JSON", '","severity":"info","x":"\\'],
  ["prototype names", "__proto__"],
  ["a huge name", "x".repeat(20_000)],
  ["huge and wide", "語".repeat(20_000)],
];

/** A fire and a change notice for each hostile text, which stands in every place that it can reach. */
export function hostileNotices(): readonly (readonly [string, Notice])[] {
  return HOSTILE_TEXTS.flatMap(([name, text]): (readonly [string, Notice])[] => [
    [`${name}, fire`, hostileFire(text)],
    [`${name}, change`, hostileChange(text)],
    [`${name}, group`, hostileGroup(text)],
  ]);
}

function hostileFire(text: string): Notice {
  return fireNotice({ ...hostileWords(text), alert: alert({ reason: text }) });
}

function hostileGroup(text: string): Notice {
  const { ring: _ring, ...words } = hostileWords(text);
  const [, update] = groupNotices(60, words);
  if (!update?.group) throw new Error("no group");
  const alerts = update.group.alerts.map((each) => ({ ...each, ring: text }));
  return { ...update, ...words, group: { ...update.group, by: { node: text, zone: text }, alerts } };
}

function hostileChange(text: string): Notice {
  const bad = hostileMember(text);
  const change = { before: bad, after: bad };
  return changeNotice(hostileWords(text), {
    left: Array.from({ length: 60 }, () => bad),
    joined: [bad],
    replaced: [change],
    moved: [change],
    becameReady: [bad],
    becameUnready: Array.from({ length: 60 }, () => bad),
    before: [bad],
    after: [bad],
  });
}

function hostileWords(text: string): Partial<Notice> {
  const { ring } = fireNotice();
  return {
    title: text,
    message: text,
    rule: text,
    runbook: `https://runbooks.example/${text.slice(0, 5000).toWellFormed()}`,
    labels: { [text]: text, second: text },
    ring: { ...ring, service: text, key: `data/${text}`, labels: { [text]: text } },
  };
}

function hostileMember(text: string): Member {
  return member(text, { zone: text, node: text, addresses: [text, text, text], uid: text });
}

/** Notices of rings as large as Kubernetes allows for one Endpoints object. */
export function largeNotices(): readonly (readonly [string, Notice])[] {
  const members = Array.from({ length: 1000 }, (_, index) => member(`cassandra-${index}`, { ready: false }));
  const changes = members.map((before) => ({
    before,
    after: member(before.name, { node: "node-2", uid: "new" }),
  }));
  return [
    ...groupNotices(5000).map((notice) => [`5,000 alerts in a group, ${notice.kind}`, notice] as const),
    ["1,000 members left", changeNotice({}, { left: members, before: members, after: [] })],
    ["1,000 members replaced", changeNotice({}, { replaced: changes, before: members, after: members })],
    [
      "a removed Service of 1,000 members",
      changeNotice({}, { removed: true, left: [], before: members, after: [] }),
    ],
    [
      "1,000 members in every list",
      changeNotice(
        {},
        {
          left: members,
          joined: members,
          becameReady: members,
          becameUnready: members,
          moved: changes,
          replaced: changes,
          before: members,
          after: members,
        },
      ),
    ],
  ];
}
