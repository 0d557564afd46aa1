import type { ServerResponse } from "node:http";
import type { Clock } from "../runtime/clock.ts";
import { parseRequest, type Target } from "./api-request.ts";
import { failure, firstHalf, type RequestFault, type RequestVerb } from "./faults.ts";
import { answerList } from "./list-answer.ts";
import type { ObjectStore } from "./object-store.ts";
import { jsonBytes } from "./send.ts";
import type { OutputShape } from "./shaped-output.ts";
import type { WatchBeginning } from "./watch-stream.ts";
import { bookmarkLine } from "./wire.ts";

/** In which way an answer differs from the right one. */
export interface Twist extends WatchBeginning {
  readonly shape?: OutputShape;
}

/** A request that is to go wrong. */
interface FaultyRequest {
  readonly fault: RequestFault;
  readonly verb: RequestVerb;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly store: ObjectStore;
  /** Answers rightly, but for the twist. */
  readonly proceed: (twist?: Twist) => void;
  /** Counts the request among those whose answer waits for something; returns the end of that. */
  readonly hold: (response: ServerResponse) => () => void;
}

/** [I/O] Does to a request what its fault says. */
export function faultyAnswer(request: FaultyRequest): void {
  const { fault, response } = request;
  if (typeof fault !== "string") return twistedAnswer(request, fault);
  switch (fault) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "close":
      response.socket?.end();
      return;
    case "closeReused":
      response.socket?.destroy();
      return;
    case "closeAfter":
      response.setHeader("Connection", "close");
      return request.proceed();
    case "noHeaders":
      request.hold(response);
      return;
    case "hang":
      request.hold(response);
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

function twistedAnswer(request: FaultyRequest, fault: Exclude<RequestFault, string>): void {
  const { response, clock, proceed } = request;
  if ("status" in fault) return sendStatus(fault, response);
  if ("shape" in fault) return proceed({ shape: fault.shape });
  if ("asOf" in fault) return proceed({ asOf: fault.asOf });
  if ("initialEvents" in fault) return proceed({ breakOff: { after: fault.initialEvents, how: fault.then } });
  const release = request.hold(response);
  const cancel = clock.at(clock.now() + fault.delayMs, () => {
    release();
    proceed();
  });
  response.on("close", cancel);
}

function sendStatus(fault: Extract<RequestFault, { status: number }>, response: ServerResponse): void {
  const body = fault.body ?? failure(fault.status);
  response.statusCode = fault.status;
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  response.end(typeof body === "string" ? body : jsonBytes(body));
}

function wholeBody({ verb, target, query, store }: FaultyRequest): Buffer {
  if (verb !== "list") return bookmarkLine(target.source, store.version);
  const parsed = parseRequest(target, query);
  return jsonBytes("code" in parsed ? parsed : answerList(store, parsed));
}
