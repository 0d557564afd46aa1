import { pino, type DestinationStream } from "pino";

/** From the most to the least talkative. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** The least level that is written. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of one log line. `err` is written with its stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are fixed texts, so that they can be searched for; what varies goes into the fields. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** JSON lines, one object each, with `level` as a word and `time` in RFC 3339. */
export function jsonLogger(
  level: LogLevel,
  stream: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // A second net: values that are secret are `Secret` objects and print as [secret] anyway.
      redact: ["authorization", "headers.authorization", "*.authorization"],
    },
    stream,
  );
}

const ignore = (): void => undefined;

/** For places where nobody reads: tests and `ringbell test`. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
