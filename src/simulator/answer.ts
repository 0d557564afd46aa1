import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { type ApiRequest, asksForWatch, parseRequest, parseTarget, type Target } from "./api-request.ts";
import { faultyAnswer, type Twist } from "./faulty-answer.ts";
import type { Faults, RequestVerb } from "./faults.ts";
import { answerList } from "./list-answer.ts";
import type { ObjectStore } from "./object-store.ts";
import { RESOURCES } from "./resources.ts";
import { sendBody, sendHead, sendJson } from "./send.ts";
import { badRequest, forbidden, invalidOption, isStatus, notFound, status, unauthorized } from "./status.ts";
import type { Access } from "./access.ts";
import type { WatchHub } from "./watch-hub.ts";
import { WatchStream, type WatchTiming } from "./watch-stream.ts";

/** What answering a request needs of its server. */
export interface AnswerContext {
  readonly clock: Clock;
  readonly store: ObjectStore;
  readonly hub: WatchHub;
  readonly faults: Faults;
  readonly access: Access;
  readonly timing: WatchTiming;
  /** What becomes of `sendInitialEvents=true`, see ApiServerOptions. */
  readonly watchList: "served" | "invalid" | "badRequest" | "ignored";
  /** Called when a watch has opened or closed. */
  readonly changed: () => void;
  readonly nextId: () => number;
  /** Counts a request among those whose answer waits for something; returns the end of that. */
  readonly hold: (response: ServerResponse) => () => void;
}

const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.2",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "",
  goVersion: "",
  compiler: "gc",
  platform: "linux/amd64",
};

/** [I/O] Answers one request. */
export function answer(
  context: AnswerContext,
  request: IncomingMessage,
  response: ServerResponse,
  reusedConnection: boolean,
): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  sendHead(response, context.clock.now() + context.faults.skewMs, context.nextId());
  if (request.method !== "GET") {
    const message = "the server does not allow this method on the requested resource";
    return sendJson(response, status(405, "MethodNotAllowed", message, {}));
  }
  const target = parseTarget(url.pathname);
  if (!context.access.admits(request.headers.authorization, target !== undefined)) {
    return sendJson(response, unauthorized());
  }
  if (!target) return answerPlainPath(url.pathname, response);
  const { warning } = RESOURCES[target.source];
  if (warning !== undefined) response.setHeader("Warning", warning);
  const verb = verbOf(url.searchParams);
  const proceed = (twist: Twist = {}): void => answerResource(context, target, url, response, twist);
  const fault = context.faults.take(verb, reusedConnection);
  if (fault === undefined) proceed();
  else faultyAnswer({ ...context, fault, verb, target, query: url.searchParams, response, proceed });
}

function answerPlainPath(path: string, response: ServerResponse): void {
  if (path === "/version") return sendJson(response, VERSION);
  if (path !== "/readyz" && path !== "/livez") return sendJson(response, notFound());
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("ok");
}

function verbOf(query: URLSearchParams): RequestVerb {
  if (!asksForWatch(query)) return "list";
  return query.get("sendInitialEvents") === "true" ? "watchList" : "watch";
}

function answerResource(
  context: AnswerContext,
  target: Target,
  url: URL,
  response: ServerResponse,
  twist: Twist,
): void {
  const query = url.searchParams;
  const verb = asksForWatch(query) ? "watch" : "list";
  if (!context.access.allows(verb, target, query)) {
    response.setHeader("X-Content-Type-Options", "nosniff");
    return sendJson(response, forbidden(context.access.user, verb, target.source, target.namespace));
  }
  const parsed = parseRequest(target, query);
  if ("code" in parsed) return sendJson(response, parsed);
  if (verb === "watch") return answerWatch(context, parsed, url, response, twist);
  const { asOf: version, shape = context.faults.shape } = twist;
  const body = answerList(context.store, version === undefined ? parsed : { ...parsed, ...STALE, version });
  if (isStatus(body)) return sendJson(response, body);
  if (shape?.everyMs !== undefined) context.hold(response);
  sendBody(response, body, context.clock, shape);
}

/** One page of the very version, whatever was asked for. */
const STALE = { match: "Exact", limit: 0, continueToken: undefined } as const;

function answerWatch(
  context: AnswerContext,
  request: ApiRequest,
  url: URL,
  response: ServerResponse,
  { shape = context.faults.shape, ...beginning }: Twist,
): void {
  if (request.sendInitialEvents && context.watchList === "invalid") {
    const message = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
    return sendJson(response, invalidOption("sendInitialEvents", message));
  }
  if (request.sendInitialEvents && context.watchList === "badRequest") {
    return sendJson(response, badRequest("sendInitialEvents is not supported"));
  }
  const { sendInitialEvents, ...rest } = request;
  const ignored = context.watchList === "ignored";
  const stream = new WatchStream({
    id: context.nextId(),
    url: `${url.pathname}${url.search}`,
    request: { ...rest, sendInitialEvents: ignored ? undefined : sendInitialEvents },
    beginning: { ...beginning, unmarked: ignored },
    response,
    clock: context.clock,
    shape,
    timing: context.timing,
    currentVersion: () => context.store.version,
  });
  response.flushHeaders();
  response.on("close", () => {
    stream.dispose();
    context.hub.remove(stream);
    context.changed();
  });
  context.hub.add(stream);
  context.changed();
}
