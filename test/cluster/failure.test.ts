import { describe, expect, test } from "vitest";
import { DeadlineError } from "../../src/cluster/api-connection.ts";
import { decodeStatusText } from "../../src/cluster/decode-event.ts";
import {
  answerFailure,
  describeAttempt,
  missingPermission,
  parseRetryAfter,
  thrownFailure,
} from "../../src/cluster/failure.ts";
import type { Scope } from "../../src/cluster/watch-plan.ts";
import { recordedAnswer } from "../support/recordings.ts";

const SCOPE: Scope = { id: "x", source: "endpointslices", namespace: "data", services: ["web"] };

describe("reading Retry-After", () => {
  test.each([
    [undefined, undefined],
    ["3", 3000],
    ["0", undefined],
    ["-1", undefined],
    ["soon", undefined],
    ["120", 120_000],
    ["121", 120_000],
    ["Thu, 01 Jan 1970 00:00:05 GMT", 4000],
    ["Thu, 01 Jan 1970 00:00:01 GMT", undefined],
  ])("%j is %j ms", (header, waitMs) => {
    expect(parseRetryAfter(header, 1000)).toBe(waitMs);
  });
});

describe("what an answer stands for", () => {
  test.each([
    ["gone-list-exact.json", 410, "gone"],
    ["gone-continue.json", 410, "gone"],
    ["future-list.json", 504, "gone"],
    ["unauthorized.json", 401, "unauthorized"],
    ["forbidden.json", 403, "forbidden"],
    ["forbidden-watch.json", 403, "forbidden"],
    ["bad-rv-watch.json", 500, "server"],
  ])("the recorded %s with status %i is %s", (file, httpStatus, kind) => {
    expect(answerFailure("list", SCOPE, httpStatus, decodeStatusText(recordedAnswer(file))).kind).toBe(kind);
  });

  test.each([
    [429, "overloaded"],
    [503, "overloaded"],
    [504, "overloaded"],
    [500, "server"],
    [404, "server"],
    [302, "server"],
  ])("status %i is %s", (httpStatus, kind) => {
    expect(answerFailure("watch", SCOPE, httpStatus, decodeStatusText("")).kind).toBe(kind);
  });

  test("an ERROR event counts by its own code, and its wait is capped", () => {
    const status = { ...decodeStatusText(""), code: 429, retryAfterMs: 3_600_000 };
    expect(answerFailure("watch", SCOPE, 200, status)).toMatchObject({
      kind: "overloaded",
      retryAfterMs: 120_000,
    });
  });

  test("the message says what was attempted, on what, and what came of it", () => {
    const status = decodeStatusText(recordedAnswer("unauthorized.json"));
    expect(answerFailure("list", SCOPE, 401, status).message).toBe(
      "Cannot list endpointslices of Service web in namespace data: 401 Unauthorized",
    );
  });
});

describe("what a thrown error stands for", () => {
  test("finds the reason under the wrapping", () => {
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    expect(thrownFailure("watch", SCOPE, new TypeError("terminated", { cause: reset }))).toEqual({
      kind: "network",
      message: "Cannot watch endpointslices of Service web in namespace data: read ECONNRESET",
    });
  });

  test("names the code where the message does not", () => {
    const closed = Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" });
    expect(thrownFailure("watch", SCOPE, closed).message).toContain("UND_ERR_SOCKET other side closed");
  });

  test("knows a deadline, several addresses, and things that are no errors", () => {
    expect(thrownFailure("list", SCOPE, new DeadlineError("late")).kind).toBe("deadline");
    expect(thrownFailure("list", SCOPE, new AggregateError([new Error("refused")])).message).toContain(
      "refused",
    );
    expect(thrownFailure("list", SCOPE, "odd").message).toContain("odd");
  });
});

describe("naming a scope", () => {
  test.each<[Partial<Scope>, string]>([
    [{ services: undefined }, "Cannot list endpointslices in namespace data"],
    [{ services: ["a", "b"] }, "Cannot list endpointslices of 2 Services (a, …) in namespace data"],
    [
      { services: undefined, namespace: undefined, source: "endpoints" },
      "Cannot list endpoints in all namespaces",
    ],
  ])("%j", (more, words) => {
    expect(describeAttempt("list", { ...SCOPE, ...more })).toBe(words);
  });

  test("names resources as RBAC does", () => {
    expect(missingPermission("watch", SCOPE).resource).toBe("endpointslices.discovery.k8s.io");
    expect(missingPermission("list", { ...SCOPE, source: "endpoints" }).resource).toBe("endpoints");
  });
});
