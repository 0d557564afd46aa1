import type { Silence } from "../alerts/silence.ts";
import { SILENCES_MAX } from "../alerts/silence-book.ts";
import { readSilenceRequest, silenceToJson } from "../alerts/silence-json.ts";
import { type Api, type ApiAnswer, apiError, type ApiRequest, headerOf } from "./api.ts";
import { type ApiToken, refuseWrite } from "./write-access.ts";

/** Who keeps the silences. When a call returns, what it did is decided; it is stored, or will be. */
export interface SilenceDesk {
  silences(): readonly Silence[];
  addSilence(silence: Silence): "added" | "tooMany";
  /** Undefined when there is none of this id. */
  expireSilence(id: string): Silence | undefined;
}

/** What the API of silences works with. */
export interface SilenceApiOptions {
  readonly desk: SilenceDesk;
  readonly token: ApiToken;
  readonly now: () => number;
  readonly newId: () => string;
}

const PATH = "/api/v1/silences";

/** `GET` and `POST /api/v1/silences`, `GET` and `DELETE /api/v1/silences/ID`. Reading is free, as metrics are. */
export function silenceApi(options: SilenceApiOptions): Api {
  return {
    answer(request) {
      const { path } = request;
      if (path === PATH || path === `${PATH}/`) return answerAll(request, options);
      const [, id] = /^\/api\/v1\/silences\/([^/]+)$/.exec(path) ?? [];
      return id === undefined ? undefined : answerOne(id, request, options);
    },
  };
}

function answerAll(request: ApiRequest, options: SilenceApiOptions): ApiAnswer {
  switch (request.method) {
    case "GET":
    case "HEAD": {
      const nowMs = options.now();
      return { status: 200, body: options.desk.silences().map((silence) => silenceToJson(silence, nowMs)) };
    }
    case "POST":
      return refuseWrite(request, options.token) ?? add(request, options);
    default:
      return wrongMethod(request, "GET, HEAD, POST");
  }
}

function answerOne(id: string, request: ApiRequest, { desk, token, now }: SilenceApiOptions): ApiAnswer {
  const found = (silence: Silence | undefined): ApiAnswer =>
    silence
      ? { status: 200, body: silenceToJson(silence, now()) }
      : apiError(404, `there is no silence with the id ${id.slice(0, 100)}`);
  switch (request.method) {
    case "GET":
    case "HEAD":
      return found(desk.silences().find((silence) => silence.id === id));
    case "DELETE":
      return refuseWrite(request, token) ?? found(desk.expireSilence(id));
    default:
      return wrongMethod(request, "DELETE, GET, HEAD");
  }
}

function add(request: ApiRequest, { desk, now, newId }: SilenceApiOptions): ApiAnswer {
  const type = headerOf(request, "content-type") ?? "";
  // Also what keeps web pages out: without asking first, a browser sends no other site this type.
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    return apiError(415, "the body must be JSON, with content-type: application/json");
  }
  let body: unknown;
  try {
    body = JSON.parse(request.body);
  } catch {
    return apiError(400, "the body is no JSON");
  }
  const nowMs = now();
  const read = readSilenceRequest(body, newId(), nowMs);
  if (!read.ok) return apiError(400, "this is no silence", { issues: read.issues });
  if (desk.addSilence(read.silence) === "tooMany") {
    return apiError(409, `there are ${SILENCES_MAX} silences that are not over: expire some first`);
  }
  const headers = { location: `${PATH}/${read.silence.id}` };
  return { status: 201, body: silenceToJson(read.silence, nowMs), headers };
}

function wrongMethod({ method, path }: ApiRequest, allow: string): ApiAnswer {
  return apiError(405, `${method} is not served at ${path}; ${allow} are`, { headers: { allow } });
}
