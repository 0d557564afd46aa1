import type { Secret, SecretRef, SecretSource } from "../runtime/secret.ts";
import { DestinationConfigError } from "./config-error.ts";

/** Parses an absolute `http` or `https` URL; `undefined` for anything else. */
export function parseHttpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url?.protocol === "https:" || url?.protocol === "http:" ? url : undefined;
}

/**
 * A configured URL, read anew where it is a secret. A secret's value is seen here for the first time,
 * so here it is checked. Throws `DestinationConfigError`, naming the setting and not the value.
 */
export function configuredUrl(
  setting: string,
  url: string | SecretRef,
  readSecret: SecretSource,
): string | Secret {
  if (typeof url === "string") return url;
  const secret = readSecret(url);
  if (parseHttpUrl(secret.reveal())) return secret;
  throw new DestinationConfigError(
    `Cannot use ${setting}: ${placeOf(url)} does not hold an http or https URL`,
  );
}

/** Where a secret lives, in words. */
export function placeOf(ref: SecretRef): string {
  return "env" in ref ? `environment variable ${ref.env}` : `file ${ref.file}`;
}
