import type { Sample } from "./messages.ts";

/** One thing that had to hold. */
export interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
  readonly ok: boolean;
}

const HEAP_GROWTH_MAX = 1.1;
/** Connections besides those of the watches: to receivers and for lists, until their idle time is over. */
const OTHER_SOCKETS = 4;
/** Besides those that run in the quiet after the start. */
const MORE_TIMERS = 4;
const SHOWN = 5;

/** Nothing may be found; the first few of what is are shown. */
export function none(what: string, faults: readonly string[]): Verdict {
  const shown = faults
    .slice(0, SHOWN)
    .map((fault) => (fault.length > 300 ? `${fault.slice(0, 300)}…` : fault));
  return { what, found: [`${faults.length}`, ...shown].join("\n    "), wanted: "0", ok: faults.length === 0 };
}

/** The heap's last quarter against its second one, in medians. */
export function heapVerdict(heaps: readonly number[]): Verdict {
  const quarter = (n: number): number => {
    const part = heaps
      .slice(Math.floor((heaps.length * (n - 1)) / 4), Math.floor((heaps.length * n) / 4))
      .toSorted((a, b) => a - b);
    return part[Math.floor(part.length / 2)] ?? Number.NaN;
  };
  const growth = quarter(4) / quarter(2);
  const found = `${growth.toFixed(3)} (${mebibytes(quarter(2))} MiB, ${mebibytes(quarter(4))} MiB)`;
  return {
    what: "heap, last quarter / second quarter",
    found,
    wanted: `at most ${HEAP_GROWTH_MAX}`,
    ok: growth <= HEAP_GROWTH_MAX,
  };
}

/** What the process still holds, against its quiet beginning. */
export function leakVerdicts(begin: Sample, end: Sample, stopped: Sample): Verdict[] {
  const sockets = ({ resources }: Sample): number => resources["TCPSocketWrap"] ?? 0;
  const timers = ({ resources }: Sample): number => resources["Timeout"] ?? 0;
  const socketsMax = end.scopes.length + OTHER_SOCKETS;
  const timersMax = timers(begin) + MORE_TIMERS;
  return [
    {
      what: "open sockets",
      found: `${sockets(end)}`,
      wanted: `at most ${socketsMax}`,
      ok: sockets(end) <= socketsMax,
    },
    {
      what: "timers",
      found: `${timers(end)} (${timers(begin)} at first)`,
      wanted: `at most ${timersMax}`,
      ok: timers(end) <= timersMax,
    },
    { what: "sockets after the stop", found: `${sockets(stopped)}`, wanted: "0", ok: sockets(stopped) === 0 },
    { what: "timers after the stop", found: `${timers(stopped)}`, wanted: "0", ok: timers(stopped) === 0 },
  ];
}

/** Bytes as MiB with one decimal. */
export function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}

/** The verdicts as a table, for people. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const width = Math.max(...verdicts.map(({ what }) => what.length));
  return verdicts
    .map(
      ({ what, found, wanted, ok }) =>
        `${ok ? "ok  " : "FAIL"}  ${what.padEnd(width)}  ${found}${ok ? "" : `\n    wanted: ${wanted}`}`,
    )
    .join("\n");
}
