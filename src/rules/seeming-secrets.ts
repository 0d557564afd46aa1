import { isFields } from "./build-destinations.ts";
import type { Habit } from "./habit.ts";

/** Who posts to these needs nothing but the URL, so the URL is the secret. */
const SECRET_PLACES: readonly (readonly [RegExp, RegExp])[] = [
  [/^hooks\.slack(?:-gov)?\.com$/, /^\/(?:services|workflows|triggers)\/./],
  [/^(?:\w+\.)?discord(?:app)?\.com$/, /^\/api\/(?:v\d+\/)?webhooks\/./],
  [/(?:^|\.)webhook\.office\.com$/, /^\/webhook/],
  [/^hooks\.zapier\.com$/, /^\/hooks\/./],
  [/^maker\.ifttt\.com$/, /\/key\/./],
  [/^api\.telegram\.org$/, /^\/bot./],
];

/** Names of parameters that hold nothing but secrets, and of those that may. */
const SECRET_PARAMETER = /^(?:(?:access|api|auth)[-_]?)?(?:token|secret|sig|signature|password|passwd|pwd)$/i;
const KEY_PARAMETER = /^(?:(?:access|api|auth)[-_]?)?(?:key|code)$/i;
const SECRET_HEADER = /^(?:(?:proxy-)?authorization|cookie)$|(?:^|-)(?:api-?key|token|secret|password)$/i;

const PARAMETER = "one of its parameters is named like one";

/** Why a URL seems to carry a secret, in a few words; undefined when it does not. */
export function seemingSecret(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url) return undefined;
  const isPlace = SECRET_PLACES.some(([host, path]) => host.test(url.hostname) && path.test(url.pathname));
  if (isPlace) return `who knows this address of ${url.hostname} can post to it`;
  for (const [name, value] of url.searchParams) {
    if (value !== "" && SECRET_PARAMETER.test(name)) return PARAMETER;
    if (KEY_PARAMETER.test(name) && isRandom(value)) return PARAMETER;
  }
  return url.pathname.split("/").some(isRandom) ? "a part of its path looks random" : undefined;
}

// Names that people give are words; UUIDs may be the names of things.
function isRandom(segment: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(segment)) return /\d/.test(segment) && /[a-f]/i.test(segment);
  if (!/^[A-Za-z0-9_-]{20,}$/.test(segment) || /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(segment))
    return false;
  const turns = segment.match(/[a-z][0-9]|[0-9][a-z]/gi)?.length ?? 0;
  const isMixed = /[a-z]/.test(segment) && /[A-Z]/.test(segment);
  return turns >= (isMixed ? 3 : 6);
}

/** URLs and headers below `destinations` that are written out and seem to be secrets. Never repeats one. */
export function seemingSecrets(destinations: unknown): Habit[] {
  return entries(destinations).flatMap(([name, destination]) =>
    entries(destination).flatMap(([kind, settings]) => {
      if (!isFields(settings)) return [];
      const { url, headers } = settings;
      const why = typeof url === "string" ? seemingSecret(url) : undefined;
      const ofUrl: Habit[] =
        why === undefined
          ? []
          : [
              {
                keys: [name, kind, "url"],
                message: `the URL of destination "${name}" seems to hold a secret: ${why}`,
                hint: "write url: { env: NAME } and put the whole URL into that environment variable",
              },
            ];
      return [
        ...ofUrl,
        ...entries(headers).flatMap(([header, value]) => secretHeader([name, kind], header, value)),
      ];
    }),
  );
}

function secretHeader(place: readonly string[], header: string, value: unknown): Habit[] {
  if (typeof value !== "string" || value === "" || !SECRET_HEADER.test(header)) return [];
  return [
    {
      keys: [...place, "headers", header],
      message: `header "${header}" seems to hold a secret`,
      hint: `write ${header}: { env: NAME } and put the value into that environment variable`,
    },
  ];
}

function entries(value: unknown): (readonly [string, unknown])[] {
  return isFields(value) ? Object.entries(value) : [];
}
