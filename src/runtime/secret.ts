import { inspect } from "node:util";

/** Where a secret value lives: the rules file holds only this, never the value. */
export type SecretRef = { readonly env: string } | { readonly file: string };

/**
 * A value that must not be printed. String, JSON and inspection show `[secret]`;
 * only code that puts it on the wire calls `reveal()`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** Reads a secret now. Throws `SecretMissingError` when there is nothing to read. */
export type SecretSource = (ref: SecretRef) => Secret;

/** A secret that a destination needs is not there. The message names the place, never a value. */
export class SecretMissingError extends Error {
  override readonly name = "SecretMissingError";
}

/**
 * Reads secrets from the environment and from files, anew at each call, so that a rotated file counts at once.
 * One trailing line break is dropped: most editors and `kubectl create secret --from-file` leave one.
 */
export function secretSource(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): SecretSource {
  return (ref) => {
    if ("env" in ref) {
      const value = env[ref.env];
      if (value) return new Secret(value);
      throw new SecretMissingError(`Cannot read secret: environment variable ${ref.env} is not set`);
    }
    let value: string;
    try {
      value = readFile(ref.file).replace(/\r?\n$/, "");
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "unreadable";
      throw new SecretMissingError(`Cannot read secret: file ${ref.file} (${code})`, { cause });
    }
    if (value) return new Secret(value);
    throw new SecretMissingError(`Cannot read secret: file ${ref.file} is empty`);
  };
}
