import type { ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { parseRequest, type Target } from "./api-request.ts";
import { failure, firstHalf, type RequestFault } from "./faults.ts";
import { answerList } from "./list-answer.ts";
import type { ObjectStore } from "./object-store.ts";
import { jsonBytes } from "./send.ts";
import { bookmarkLine } from "./wire.ts";

/** A request that is to go wrong. */
interface FaultyRequest {
  readonly fault: RequestFault;
  readonly verb: "list" | "watch";
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly store: ObjectStore;
  /** Answers rightly. */
  readonly proceed: () => void;
}

/** [I/O] Does to a request what its fault says. */
export function faultyAnswer(request: FaultyRequest): void {
  const { fault, response, clock } = request;
  if (typeof fault !== "string") {
    if ("status" in fault) return sendStatus(fault, response);
    const cancel = clock.at(clock.now() + fault.delayMs, request.proceed);
    response.on("close", cancel);
    return;
  }
  switch (fault) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "close":
      response.socket?.end();
      return;
    case "noHeaders":
      return;
    case "hang":
      response.write(firstHalf(wholeBody(request)));
      return;
    case "truncate":
      response.write(firstHalf(wholeBody(request)), () => response.socket?.end());
      return;
    case "endAtOnce":
      response.end();
      return;
    case "notJson":
      response.setHeader("Content-Type", "text/html");
      response.end("<html><body>It works, but it is not Kubernetes</body></html>");
      return;
  }
}

function sendStatus(fault: Extract<RequestFault, { status: number }>, response: ServerResponse): void {
  const body = fault.body ?? failure(fault.status);
  response.statusCode = fault.status;
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  response.end(typeof body === "string" ? body : jsonBytes(body));
}

function wholeBody({ verb, target, query, store }: FaultyRequest): Buffer {
  if (verb === "watch") return bookmarkLine(target.source, store.version);
  const parsed = parseRequest(target, query);
  return jsonBytes("code" in parsed ? parsed : answerList(store, parsed));
}
