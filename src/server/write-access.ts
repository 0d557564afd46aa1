import { createHash, timingSafeEqual } from "node:crypto";
import type { Secret, SecretSource } from "../runtime/secret.ts";
import { type ApiAnswer, apiError, type ApiRequest, headerOf, isLocalRequest } from "./api.ts";

/** The token that allows writes from elsewhere; undefined when there is none. Read anew at each request. May throw `SecretMissingError`. */
export type ApiToken = () => Secret | undefined;

/** The environment variable that may hold the token. */
export const API_TOKEN_ENV = "RINGBELL_API_TOKEN";

/** The token of a file, else of the environment, where there is one. */
export function apiTokenFrom(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  readSecret: SecretSource,
): ApiToken {
  if (file !== undefined) return () => readSecret({ file });
  return () => (env[API_TOKEN_ENV] ? readSecret({ env: API_TOKEN_ENV }) : undefined);
}

/** Undefined when the request may write, else the answer that refuses it. A wrong token is refused from anywhere. */
export function refuseWrite(request: ApiRequest, token: ApiToken): ApiAnswer | undefined {
  const authorization = headerOf(request, "authorization");
  if (authorization === undefined && isLocalRequest(request)) return undefined;
  const secret = readToken(token);
  if (secret === "unreadable") return apiError(503, "the API token of this Ringbell cannot be read");
  if (secret === undefined) {
    const error =
      "writes are allowed from this machine only: this Ringbell was started without --api-token-file";
    return apiError(403, error);
  }
  const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (given !== undefined && isEqual(given, secret.reveal())) return undefined;
  const error =
    given === undefined ? "Authorization: Bearer TOKEN is needed here" : "this is not the API token";
  return apiError(401, error, { headers: { "www-authenticate": 'Bearer realm="ringbell"' } });
}

function readToken(token: ApiToken): Secret | undefined | "unreadable" {
  try {
    return token();
  } catch {
    return "unreadable";
  }
}

// Of equal length whatever was given: the time of the comparison tells nothing, nor does it the token's length.
function isEqual(given: string, wanted: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
