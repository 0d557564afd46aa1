/**
 * A destination's secret can be read, but is not fit for its use: a URL that is none, a key too short.
 * The message names the setting and what would be right, never the value.
 * Like a missing secret, it heals when the operator corrects the secret: the delivery stays owed.
 */
export class DestinationConfigError extends Error {
  override readonly name = "DestinationConfigError";
}
