import { Buffer } from "node:buffer";
import {
  BYTE,
  DOUBT,
  isPlainText,
  isWord,
  keyEnd,
  passText,
  passValue,
  startsWithWord,
} from "./json-walk.ts";
import { RESERVED_LABELS, SERVICE_NAME_LABEL } from "./service-labels.ts";
import type { Slice } from "./slice.ts";

const SERVICE_NAME = Buffer.from(SERVICE_NAME_LABEL);
const RESERVED_NAMES = RESERVED_LABELS.names.map((name) => Buffer.from(name));
const RESERVED_PREFIXES = RESERVED_LABELS.prefixes.map((prefix) => Buffer.from(prefix));

/** Past the labels of a slice, when they say of its Service what `previous` does, in the same order. */
export function passSameLabels(line: Buffer, from: number, { service, serviceLabels }: Slice): number {
  if (line[from] !== BYTE.open) return DOUBT;
  const own = Object.keys(serviceLabels);
  let next = 0;
  let hasService = false;
  let at = from;
  do {
    const key = at + 2;
    const end = keyEnd(line, at + 1);
    if (end === DOUBT) return DOUBT;
    const expected = own[next];
    if (expected !== undefined && isPlainText(line, key, end, expected)) {
      at = passText(line, end + 2, serviceLabels[expected]);
      next++;
    } else if (isWord(line, key, end, SERVICE_NAME)) {
      at = hasService ? DOUBT : passText(line, end + 2, service);
      hasService = true;
    } else at = isReserved(line, key, end) ? passValue(line, end + 2) : DOUBT;
  } while (line[at] === BYTE.comma);
  return line[at] === BYTE.close && hasService && next === own.length ? at + 1 : DOUBT;
}

function isReserved(line: Buffer, key: number, end: number): boolean {
  return (
    RESERVED_NAMES.some((name) => isWord(line, key, end, name)) ||
    // Whatever follows the key is not part of such a name.
    RESERVED_PREFIXES.some((prefix) => startsWithWord(line, key, prefix))
  );
}
