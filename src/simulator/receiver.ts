import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Clock } from "../runtime/clock.ts";
import { listen, openSockets, stopListening } from "./loopback.ts";
import { ANSWERS, type ReceiverAnswer, type ReceiverKind } from "./receiver-answers.ts";
import { Waiters } from "./waiters.ts";

/** Which stand-in to start, and how. */
export interface ReceiverOptions {
  readonly kind: ReceiverKind;
  readonly clock: Clock;
  /** Default 0: any free one. */
  readonly port?: number;
  /** For `webhook`: requests without a right Standard Webhooks signature get 401. */
  readonly signingSecret?: string;
}

/** A request that came whole, and what it was answered. */
export interface Received {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** undefined: not JSON. */
  readonly json: unknown;
  /** Also when the answer is still held back. */
  readonly status: number;
}

/** A running stand-in. */
export interface Receiver {
  /** Where to post: with PagerDuty's path, and with paths that look right for the others. */
  readonly url: string;
  readonly received: readonly Received[];
  /** The next `count` requests get this answer instead of the right one. Plans queue up. */
  answerNext(count: number, answer: ReceiverAnswer): void;
  /** Keeps answers back from now on. */
  hold(): void;
  /** Sends the answers that were kept back, and holds no more. */
  release(): void;
  /** Resolves when so many requests have come in all. */
  waitFor(count: number): Promise<void>;
  /** Destroys all sockets and frees the port. */
  close(): Promise<void>;
}

const PATHS: Readonly<Record<ReceiverKind, string>> = {
  slack: "/services/T00000000/B00000000/simulated",
  pagerduty: "/v2/enqueue",
  webhook: "/jobs",
};

/** [I/O] Starts a stand-in for Slack, PagerDuty or a webhook of one's own on loopback. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const received: Received[] = [];
  const planned: { readonly answer: ReceiverAnswer; left: number }[] = [];
  const waiters = new Waiters();
  let held: (() => void)[] | undefined;
  const server = createServer({ keepAliveTimeout: 0 });
  const sockets = openSockets(server);

  const takePlanned = (): ReceiverAnswer | undefined => {
    const [first] = planned;
    if (!first) return undefined;
    first.left -= 1;
    if (first.left <= 0) planned.shift();
    return first.answer;
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const incoming = await readIncoming(request, options, received.length + 1);
    const answer = takePlanned() ?? ANSWERS[options.kind](incoming);
    const { nowMs, method, path, headers, body, json } = incoming;
    received.push({ atMs: nowMs, method, path, headers, body, json, status: answer.status });
    if (held) held.push(() => send(response, answer));
    else send(response, answer);
    waiters.check();
  };
  server.on("request", (request, response) => {
    // A client that gives up in the middle of its body has sent nothing.
    take(request, response).catch(() => response.destroy());
  });
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}${PATHS[options.kind]}`,
    received,
    answerNext: (count, answer) => void planned.push({ answer, left: count }),
    hold: () => void (held ??= []),
    release: () => {
      for (const sendNow of held ?? []) sendNow();
      held = undefined;
    },
    waitFor: (count) => waiters.until(() => received.length >= count),
    async close() {
      for (const socket of sockets) socket.destroy();
      await stopListening(server);
    },
  };
}

async function readIncoming(request: IncomingMessage, options: ReceiverOptions, number: number) {
  const body = await text(request);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body,
    json: jsonOf(body),
    nowMs: options.clock.now(),
    signingSecret: options.signingSecret,
    number,
  };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, answer: ReceiverAnswer): void {
  const { body } = answer;
  const isObject = typeof body === "object";
  response.writeHead(answer.status, {
    ...(isObject && { "content-type": "application/json" }),
    ...answer.headers,
  });
  response.end(isObject ? JSON.stringify(body) : body);
}
