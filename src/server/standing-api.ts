import type { StandingJson } from "../alerts/standing-json.ts";
import { type Api, type ApiAnswer, apiError, type ApiRequest } from "./api.ts";

/** How the rules file is doing. */
export interface RulesFileStatus {
  readonly path: string;
  /** RFC 3339: since when these rules count. */
  readonly since: string;
  /** What is wrong with a later edit, each problem on one line; empty when the file is what counts. */
  readonly problems: readonly string[];
}

/** What `GET /api/v1/status` tells. */
export interface Status {
  readonly version: string;
  /** Why it is not ready; empty when it is. */
  readonly notReady: readonly string[];
  readonly rulesFile: RulesFileStatus;
}

/** What is asked for reading only. */
export interface StandingApiOptions {
  readonly standings: () => readonly StandingJson[];
  readonly status: () => Status;
}

/** `GET /api/v1/standings`: where each rule stands on each ring. `GET /api/v1/status`: how Ringbell itself is doing. */
export function standingApi({ standings, status }: StandingApiOptions): Api {
  const paths: Readonly<Record<string, () => unknown>> = {
    "/api/v1/standings": standings,
    "/api/v1/status": status,
  };
  return {
    answer({ path, method }: ApiRequest): ApiAnswer | undefined {
      const read = Object.hasOwn(paths, path) ? paths[path] : undefined;
      if (!read) return undefined;
      if (method === "GET" || method === "HEAD") return { status: 200, body: read() };
      const allow = "GET, HEAD";
      return apiError(405, `${method} is not served at ${path}; ${allow} are`, { headers: { allow } });
    },
  };
}

/** Asks several, in order. */
export function joinApis(apis: readonly Api[]): Api {
  return {
    answer(request) {
      for (const api of apis) {
        const answer = api.answer(request);
        if (answer) return answer;
      }
      return undefined;
    },
  };
}
