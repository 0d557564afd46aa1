import { Buffer } from "node:buffer";
import { LineSkim, type Span } from "./skim-line.ts";
import type { Source } from "./slice.ts";
import { hashBytes, hashPair, hashText } from "./text-hash.ts";

/** Tells whether any rule looks at a Service. */
export type Wants = (namespace: string, service: string) => boolean;

interface Verdict {
  readonly namespace: Buffer;
  readonly service: Buffer;
  readonly wanted: boolean;
}

/** When of so many lines … */
const LOOKS = 256;
/** … fewer than these could be dropped, looking costs more than it saves, … */
const WORTHWHILE_DROPS = 16;
/** … and this many pass without a look. */
const PAUSE_LINES = 4096;

/** About 200 bytes each. */
const VERDICTS_LIMIT = 50_000;

/**
 * Lets pass, unparsed, the lines about slices of Services that no rule looks at. Where that cannot be told for certain, and
 * for slices that are known (their Service label may have changed), it asks for the line to be parsed.
 * Answers of `wants` are kept by the bytes that they were asked about.
 */
export class LineSieve {
  readonly #wants: Wants;
  readonly #skim: LineSkim;
  readonly #verdicts = new Map<number, Verdict>();
  /** Of the keys of all slices that were ever kept; two with one hash only cost a parse. */
  readonly #known = new Set<number>();
  #looks = 0;
  #drops = 0;
  #pause = 0;

  constructor(source: Source, wants: Wants) {
    this.#wants = wants;
    this.#skim = new LineSkim(source);
  }

  /** A slice is kept: its next event has to be parsed, whatever Service it names. */
  learn(namespace: string, name: string): void {
    this.#known.add(hashPair(hashText(namespace), hashText(name)));
  }

  /** `wants` may give other answers from now on. */
  forgetVerdicts(): void {
    this.#verdicts.clear();
    this.#pause = 0;
  }

  /**
   * True for a line that is certainly about a slice which nobody wants and nobody knows. False is no verdict: where nearly all
   * are wanted, most lines are not looked at.
   */
  dropsLine(line: Buffer): boolean {
    if (this.#pause > 0) {
      this.#pause--;
      return false;
    }
    const drops = this.#isUnwanted(line);
    if (drops) this.#drops++;
    if (++this.#looks === LOOKS) {
      if (this.#drops < WORTHWHILE_DROPS) this.#pause = PAUSE_LINES;
      this.#looks = 0;
      this.#drops = 0;
    }
    return drops;
  }

  /** The resourceVersion of the line that was dropped last. */
  versionOf(line: Buffer): string {
    return textOf(line, this.#skim.resourceVersion);
  }

  #isUnwanted(line: Buffer): boolean {
    const skim = this.#skim;
    if (!skim.read(line)) return false;
    if (this.#known.has(hashOf(line, skim.namespace, skim.name))) return false;
    return !this.#isWanted(line, skim.namespace, skim.service);
  }

  #isWanted(line: Buffer, namespace: Span, service: Span): boolean {
    const hash = hashOf(line, namespace, service);
    const known = this.#verdicts.get(hash);
    if (known && isSame(line, namespace, known.namespace) && isSame(line, service, known.service)) {
      return known.wanted;
    }
    if (this.#verdicts.size >= VERDICTS_LIMIT) this.#verdicts.clear();
    const wanted = this.#wants(textOf(line, namespace), textOf(line, service));
    this.#verdicts.set(hash, {
      namespace: copyOf(line, namespace),
      service: copyOf(line, service),
      wanted,
    });
    return wanted;
  }
}

function hashOf(line: Buffer, one: Span, other: Span): number {
  return hashPair(hashBytes(line, one.from, one.to), hashBytes(line, other.from, other.to));
}

function textOf(line: Buffer, { from, to }: Span): string {
  return line.toString("latin1", from, to);
}

/** Not a view: that would keep all that came with it. */
function copyOf(line: Buffer, { from, to }: Span): Buffer {
  return Buffer.from(line.subarray(from, to));
}

function isSame(line: Buffer, { from, to }: Span, bytes: Buffer): boolean {
  const length = bytes.length;
  if (to - from !== length) return false;
  for (let index = 0; index < length; index++) if (line[from + index] !== bytes[index]) return false;
  return true;
}
