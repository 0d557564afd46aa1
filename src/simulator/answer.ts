import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { type ApiRequest, asksForWatch, parseRequest, parseTarget, type Target } from "./api-request.ts";
import { faultyAnswer } from "./faulty-answer.ts";
import type { Faults } from "./faults.ts";
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
export function answer(context: AnswerContext, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  sendHead(response, context.clock.now(), context.nextId());
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
  const verb = asksForWatch(url.searchParams) ? "watch" : "list";
  const proceed = (): void => answerResource(context, target, url, response);
  const fault = context.faults.take(verb);
  if (fault === undefined) proceed();
  else faultyAnswer({ ...context, fault, verb, target, query: url.searchParams, response, proceed });
}

function answerPlainPath(path: string, response: ServerResponse): void {
  if (path === "/version") return sendJson(response, VERSION);
  if (path !== "/readyz" && path !== "/livez") return sendJson(response, notFound());
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end("ok");
}

function answerResource(context: AnswerContext, target: Target, url: URL, response: ServerResponse): void {
  const query = url.searchParams;
  const verb = asksForWatch(query) ? "watch" : "list";
  if (!context.access.allows(verb, target, query)) {
    response.setHeader("X-Content-Type-Options", "nosniff");
    return sendJson(response, forbidden(context.access.user, verb, target.source, target.namespace));
  }
  const parsed = parseRequest(target, query);
  if ("code" in parsed) return sendJson(response, parsed);
  if (verb === "watch") return answerWatch(context, parsed, url, response);
  const body = answerList(context.store, parsed);
  if (isStatus(body)) return sendJson(response, body);
  sendBody(response, body, context.clock, context.faults.shape);
}

function answerWatch(context: AnswerContext, request: ApiRequest, url: URL, response: ServerResponse): void {
  if (request.sendInitialEvents && context.watchList === "invalid") {
    const message = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
    return sendJson(response, invalidOption("sendInitialEvents", message));
  }
  if (request.sendInitialEvents && context.watchList === "badRequest") {
    return sendJson(response, badRequest("sendInitialEvents is not supported"));
  }
  const { sendInitialEvents, ...rest } = request;
  const stream = new WatchStream({
    id: context.nextId(),
    url: `${url.pathname}${url.search}`,
    request: { ...rest, sendInitialEvents: context.watchList === "ignored" ? undefined : sendInitialEvents },
    response,
    clock: context.clock,
    shape: context.faults.shape,
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
