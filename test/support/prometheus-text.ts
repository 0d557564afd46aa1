/** One line of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a scrape gave. */
export interface Scrape {
  /** By metric name: counter, gauge, histogram, summary or untyped. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  /** The value of the one sample of this name whose labels hold all of these; undefined when there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
// Whatever Go's ParseFloat takes, for which letters are letters: prom-client writes Nan.
const VALUE = "[+-]?(?:[iI]nf|\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?)|[nN][aA][nN]";
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL},?)*)\\})? (${VALUE})(?: \\d+)?$`);
const ABOUT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`);
const KINDS = new Set(["counter", "gauge", "histogram", "summary", "untyped"]);

/**
 * Parses the text format strictly; throws on the first line that is not of it, and on a sample without a TYPE.
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function parsePrometheusText(text: string): Scrape {
  if (!text.endsWith("\n")) throw new Error("the last line has no line break");
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const about = ABOUT.exec(line);
    if (about) {
      const [, word, name = "", rest = ""] = about;
      if (word !== "TYPE") continue;
      if (!KINDS.has(rest) || types.has(name)) throw new Error(`not a good TYPE line: ${line}`);
      types.set(name, rest);
    } else if (!line.startsWith("#")) samples.push(parseSample(line, types));
  }
  return { types, samples, value: (name, labels = {}) => valueOf(samples, name, labels) };
}

function parseSample(line: string, types: ReadonlyMap<string, string>): Sample {
  const match = SAMPLE.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  const [, name = "", labels = "", value = ""] = match;
  const family = name.replace(/_(bucket|sum|count)$/, "");
  if (!types.has(name) && !types.has(family)) throw new Error(`no TYPE before: ${line}`);
  const pairs = [...labels.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, key = "", text = ""]) => [key, text])),
    value: Number(value.replace(/inf/i, "Infinity")),
  };
}

function valueOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const found = samples.filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  );
  if (found.length > 1) throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`);
  return found[0]?.value;
}
