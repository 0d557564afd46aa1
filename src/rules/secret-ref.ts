import { z } from "zod";
import type { SecretRef } from "../runtime/secret.ts";

/** The problem with a literal where a secret belongs. The loader knows it by this text and hides the value. */
export const SECRET_REF_WANTED =
  "must be { env: NAME } or { file: PATH }: a secret value does not belong in the rules file";

const ENV_WANTED = "must be the name of an environment variable: letters, digits and _, no digit first";

/**
 * Where a secret lives: `{ env: NAME }` or `{ file: PATH }`, and nothing beside it.
 * For destination kinds; a literal value is refused and never shown.
 */
export const secretRefSchema: z.ZodType<SecretRef> = z.union(
  [
    // POSIX: names of letters, digits and underscore, not starting with a digit.
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, { error: ENV_WANTED }) }),
    z.strictObject({ file: z.string().min(1).max(4096) }),
  ],
  { error: () => SECRET_REF_WANTED },
);

/** An absolute `http` or `https` URL, without user name and password, written out. */
export const httpUrlSchema: z.ZodType<string> = z.string().superRefine((text, context) => {
  const message = urlIssue(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** A destination's URL: written out, or kept as a secret. */
export const urlSchema: z.ZodType<string | SecretRef> = z.union([httpUrlSchema, secretRefSchema], {
  error: () => "must be an absolute http or https URL, or { env: NAME } or { file: PATH }",
});

function urlIssue(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || !/^https?:\/\//i.test(text)) {
    return "must be an absolute http or https URL, such as https://example.com/path";
  }
  if (url.username || url.password) {
    return "must not hold a user name or password: use { env: NAME } or { file: PATH } for the whole URL";
  }
  return undefined;
}
