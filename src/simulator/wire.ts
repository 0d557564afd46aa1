import { type ApiObject, RESOURCES, type ResourceName } from "./resources.ts";
import type { WatchChange } from "./watch-filter.ts";

// Go's encoding/json escapes these, so that JSON can stand in HTML and JavaScript:
// https://pkg.go.dev/encoding/json#Marshal
const ESCAPED_BY_GO = /[<>&\u2028\u2029]/g;

/** JSON as a Go server writes it. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    ESCAPED_BY_GO,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** One line of a watch, with its line break. */
export function watchLine(type: string, object: unknown): Buffer {
  return Buffer.from(`${goJson({ type, object })}\n`);
}

/**
 * A bookmark as Kubernetes 1.36 writes it: kind, apiVersion, resourceVersion, and the fields that Go never omits.
 * `endOfInitialEvents` marks the end of the initial state of a watch.
 */
export function bookmarkLine(source: ResourceName, version: number, endOfInitialEvents = false): Buffer {
  const { kind, apiVersion, emptyFields } = RESOURCES[source];
  const metadata = {
    resourceVersion: String(version),
    ...(endOfInitialEvents && { annotations: { "k8s.io/initial-events-end": "true" } }),
  };
  return watchLine("BOOKMARK", { kind, apiVersion, metadata, ...emptyFields });
}

/** Serialises an object once per word it goes out under, however many watches get it. */
export class LineCache {
  readonly #lines = new WeakMap<ApiObject, Map<string, Buffer>>();

  line({ type, object }: WatchChange): Buffer {
    let lines = this.#lines.get(object);
    if (!lines) this.#lines.set(object, (lines = new Map<string, Buffer>()));
    let line = lines.get(type);
    if (!line) lines.set(type, (line = watchLine(type, object)));
    return line;
  }
}
