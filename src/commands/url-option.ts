import { InvalidArgumentError } from "commander";

/** Reads the value of `--url`. Throws what commander tells as bad usage. */
export function urlOption(text: string): URL {
  const url = URL.parse(text);
  if (url && ["http:", "https:"].includes(url.protocol)) return url;
  throw new InvalidArgumentError("wanted an http or https URL, as in http://127.0.0.1:8080");
}

/** What to look at first when nobody answers at `--url`. */
export const REACH_HINT =
  "is Ringbell running, and is --url where it listens? In a cluster: kubectl port-forward deploy/ringbell 8080";

/** Why a request to `--url` has failed: a code such as ECONNREFUSED where there is one. */
export function requestTrouble(error: unknown): string {
  const { message, cause } = error as Error;
  const { code, message: why } = (cause ?? {}) as NodeJS.ErrnoException;
  return code ?? why ?? message ?? "the request failed";
}
