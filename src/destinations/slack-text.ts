// The three characters that Slack gives a meaning, and no others; this also disarms <!channel>, <@U…> and links.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Text as Slack shows it literally. */
export function escapeSlack(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}

/** Escaped text of at most `max` characters, counted with its entities, none of which is cut through. */
export function escapeSlackWithin(text: string, max: number): string {
  let escaped = "";
  let keptWhenCut = "";
  for (const character of text) {
    escaped += ENTITIES[character] ?? character;
    if (escaped.length > max) return max < 1 ? "" : `${keptWhenCut}…`;
    if (escaped.length < max) keptWhenCut = escaped;
  }
  return escaped;
}

/**
 * A link that shows `words`; only the words, where the URL is not one of the web. The words are not escaped here.
 * https://docs.slack.dev/messaging/formatting-message-text#linking-urls
 */
export function slackLink(url: URL, words: string): string {
  return `<${escapeSlack(url.href).replaceAll("|", "%7C")}|${words}>`;
}

/**
 * A time in each reader's own zone, with RFC 3339 for programs that cannot; the text itself where it is no time.
 * https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 */
export function slackTime(time: string): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return escapeSlackWithin(time, 100);
  const iso = new Date(ms).toISOString();
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time_secs}|${iso}>`;
}
