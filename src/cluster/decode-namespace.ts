import { asObject } from "./object-fields.ts";
import { recordMeta } from "./record-meta.ts";

/** What is kept of a Namespace. */
export interface NamespaceRecord {
  readonly kind: "Namespace";
  /** Its name. */
  readonly key: string;
  readonly namespace: undefined;
  readonly name: string;
  readonly uid: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** Reads a core/v1 Namespace; undefined when it has no name. */
export function decodeNamespace(value: unknown): NamespaceRecord | undefined {
  const meta = recordMeta(asObject(value));
  if (meta === undefined) return undefined;
  const labels: Record<string, string> = {};
  for (const [name, label] of Object.entries(meta.labels ?? {}))
    if (typeof label === "string") labels[name] = label;
  return { kind: "Namespace", key: meta.name, namespace: undefined, name: meta.name, uid: meta.uid, labels };
}
