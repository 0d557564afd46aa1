import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Notice } from "../../src/alerts/notice.ts";
import type { DestinationKind, HttpAnswer, HttpRequest } from "../../src/destinations/destination.ts";
import { Secret, type SecretSource } from "../../src/runtime/secret.ts";
import { groupNotices } from "../support/group-notices.ts";
import { hostileNotices, largeNotices } from "../support/hostile-notices.ts";
import { changeNotice, fireNotice, resolveNotice, testNotice, updateNotice } from "../support/notices.ts";

/** What each kind must show to pass. */
export interface Contract<Config> {
  readonly kind: DestinationKind<Config>;
  /** As in the rules file, with every secret it can have as `{ env }`. */
  readonly config: unknown;
  /** The values of those variables; each is made so that it occurs nowhere by accident. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The least that a place answers when it has accepted. */
  readonly accepted: { readonly status: number; readonly body: string };
  /** Throws where a request breaks the vendor's rules. Gets the body as it goes on the wire. */
  readonly checkBody: (body: string, notice: Notice) => void;
}

const NOW_MS = Date.parse("2026-11-21T03:04:36.789Z");
const ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";

/** Statuses whose class is the same at every place, with nothing telling in the body. */
const CLASSES: readonly (readonly [status: number, kind: string, reason: string | undefined])[] = [
  [200, "delivered", undefined],
  [201, "delivered", undefined],
  [202, "delivered", undefined],
  [204, "delivered", undefined],
  [299, "delivered", undefined],
  [300, "refused", "redirect"],
  [301, "refused", "redirect"],
  [302, "refused", "redirect"],
  [307, "refused", "redirect"],
  [308, "refused", "redirect"],
  [399, "refused", "redirect"],
  [400, "refused", "badRequest"],
  [401, "refused", "unauthorized"],
  [402, "refused", "clientError"],
  [403, "refused", "forbidden"],
  [404, "refused", "notFound"],
  [405, "refused", "clientError"],
  [408, "retry", "requestTimeout"],
  [409, "refused", "clientError"],
  [410, "refused", "gone"],
  [413, "refused", "tooLarge"],
  [415, "refused", "clientError"],
  [422, "refused", "clientError"],
  [425, "retry", "tooEarly"],
  [429, "retry", "rateLimited"],
  [431, "refused", "clientError"],
  [499, "refused", "clientError"],
  [500, "retry", "serverError"],
  [501, "retry", "serverError"],
  [502, "retry", "serverError"],
  [503, "retry", "serverError"],
  [504, "retry", "serverError"],
  [599, "retry", "serverError"],
  [600, "refused", "unexpectedStatus"],
  [199, "refused", "unexpectedStatus"],
];

const GROUP_KINDS = ["fire", "update", "resolve"];

const NOTICES: readonly (readonly [string, Notice])[] = [
  ["fire", fireNotice()],
  ["update", updateNotice()],
  ["resolve", resolveNotice()],
  ["change", changeNotice()],
  ["removed", changeNotice({}, { removed: true, left: [], replaced: [], after: [] })],
  ["test", testNotice()],
  ["single-alert group", groupNotices(1)[0] ?? testNotice()],
  ...GROUP_KINDS.map((kind, index) => [`group ${kind}`, groupNotices(40)[index] ?? testNotice()] as const),
];

/** An answer of a place. */
export function answer(
  status: number,
  body = "",
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, body, headers };
}

/** A request's part as it goes on the wire. */
export function onWire(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value;
}

/** The tests that every kind of destination passes. */
export function destinationContract<Config>(contract: Contract<Config>): void {
  const { kind, secrets, checkBody } = contract;
  const config = kind.schema.parse(contract.config);
  const requestFor = (notice: Notice, nowMs = NOW_MS, deliveryId = ID): HttpRequest =>
    kind.toRequest(notice, config, { deliveryId, nowMs, readSecret: secretsFrom(secrets) });
  const secretWords = Object.values(secrets);

  describe(`${kind.kind} keeps the destination contract`, () => {
    test.each(CLASSES)("HTTP %i is %s %s", (status, outcome, reason) => {
      const got = kind.classify(answer(status), NOW_MS);
      expect(got.kind).toBe(outcome);
      expect(got.kind === "delivered" ? undefined : got.reason).toBe(reason);
    });

    test("its own word of acceptance is delivered", () => {
      const { status, body } = contract.accepted;
      expect(kind.classify(answer(status, body), NOW_MS)).toEqual({ kind: "delivered" });
    });

    test("Retry-After sets the wait, in seconds and as a date by the answer's own clock", () => {
      const date = { date: "Sat, 21 Nov 2026 05:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 05:01:30 GMT" };
      for (const status of [429, 503]) {
        expect(kind.classify(answer(status, "", { "retry-after": "120" }), NOW_MS)).toMatchObject({
          afterMs: 120_000,
        });
        expect(kind.classify(answer(status, "", date), NOW_MS)).toMatchObject({ afterMs: 90_000 });
      }
    });

    test.each(NOTICES)("a %s notice gives a request that the place accepts", (_, notice) => {
      expect(checkedBody(requestFor(notice), notice)).toBeTypeOf("object");
    });

    test.each(largeNotices())("%s stays within the limits", (_, notice) => {
      expect(checkedBody(requestFor(notice), notice)).toBeTypeOf("object");
    });

    test.each(hostileNotices())("hostile text (%s) stays within the limits", (_, notice) => {
      expect(checkedBody(requestFor(notice), notice)).toBeTypeOf("object");
    });

    test("any text at all stays within the limits", () => {
      const text = fc.oneof(fc.string({ unit: "binary", maxLength: 4000 }), fc.string({ unit: "grapheme" }));
      fc.assert(
        fc.property(text, text, text, (title, message, name) => {
          const notice = changeNotice({
            title,
            message,
            rule: name,
            labels: { [name]: title },
            runbook: message,
          });
          expect(checkedBody(requestFor(notice), notice)).toBeTypeOf("object");
        }),
        { numRuns: 60 },
      );
    });

    test("equal arguments give an equal request", () => {
      for (const [, notice] of NOTICES) expect(wire(requestFor(notice))).toEqual(wire(requestFor(notice)));
    });

    test("a notice that came from the store gives the same request as the one that was made", () => {
      for (const [, notice] of NOTICES) {
        const stored = JSON.parse(JSON.stringify(notice)) as Notice;
        expect(wire(requestFor(stored))).toEqual(wire(requestFor(notice)));
      }
    });

    test("a later attempt has the same body, and so the same id", () => {
      for (const [, notice] of NOTICES) {
        expect(wire(requestFor(notice, NOW_MS + 3_600_000)).body).toBe(wire(requestFor(notice)).body);
      }
    });

    test("no printed form of a request shows a secret", () => {
      for (const [, notice] of NOTICES) {
        const request = requestFor(notice);
        const printed = [
          JSON.stringify(request),
          inspect(request, { depth: 10, showHidden: true }),
          String(request.url),
          String(request.body),
        ];
        for (const secret of secretWords) expect(printed.join("\n")).not.toContain(secret);
      }
    });

    test("no outcome shows a secret that the answer echoes", () => {
      const echo = `Cannot POST ${secretWords.join(" ")} routing_key ${JSON.stringify(secrets)}`;
      for (const [status] of CLASSES) {
        const outcome = JSON.stringify(
          kind.classify(answer(status, echo, { location: echo, "retry-after": echo }), NOW_MS),
        );
        for (const secret of secretWords) expect(outcome).not.toContain(secret);
      }
    });

    test("a secret that is missing is an error that names its place", () => {
      const request = (): HttpRequest =>
        kind.toRequest(fireNotice(), config, { deliveryId: ID, nowMs: NOW_MS, readSecret: secretsFrom({}) });
      expect(request).toThrow(/^environment variable [A-Z_]+ is not set$/);
    });

    test("a secret that is not fit for its use is an error that does not show it", () => {
      for (const name of Object.keys(secrets)) {
        const readSecret = secretsFrom({ ...secrets, [name]: "unfit\r\nvalue" });
        const request = (): HttpRequest =>
          kind.toRequest(fireNotice(), config, { deliveryId: ID, nowMs: NOW_MS, readSecret });
        expect(request).toThrow(expect.objectContaining({ name: "DestinationConfigError" }));
        expect(request).not.toThrow(/unfit/);
      }
    });

    test("an unknown key in the configuration is an issue", () => {
      expect(kind.schema.safeParse({ ...(contract.config as object), extra: 1 }).success).toBe(false);
    });
  });

  /** The body of a request that breaks no rule, its vendor's or ours. */
  function checkedBody(request: HttpRequest, notice: Notice): unknown {
    const { body, headers, url } = wire(request);
    expect(["http:", "https:"]).toContain(new URL(url).protocol);
    for (const [name, value] of Object.entries(headers)) {
      expect(name).toBe(name.toLowerCase());
      expect(value).toMatch(/^[\x20-\x7e]*$/);
    }
    expect(headers["content-type"]).toMatch(/^application\/json/);
    expect(headers["user-agent"]).toMatch(/^ringbell\/\d+\.\d+\.\d+/);
    checkBody(body, notice);
    return JSON.parse(body);
  }
}

function wire(request: HttpRequest): { url: string; headers: Record<string, string>; body: string } {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, onWire(value)] as const);
  return { url: onWire(request.url), headers: Object.fromEntries(headers), body: onWire(request.body) };
}

/** Reads secrets from a map, as the process reads them from its environment. */
export function secretsFrom(values: Readonly<Record<string, string>>): SecretSource {
  return (ref) => {
    const name = "env" in ref ? ref.env : ref.file;
    const value = values[name];
    if (value === undefined) throw new Error(`environment variable ${name} is not set`);
    return new Secret(value);
  };
}
