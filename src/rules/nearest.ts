import { closestMatch } from "leven";

/** The candidate that was probably meant, or undefined when none is near enough to be worth saying. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  const sameButCase = candidates.find((candidate) => candidate.toLowerCase() === lower);
  if (sameButCase !== undefined) return sameButCase;
  const longer = candidates.filter((candidate) => word.length >= 3 && candidate.startsWith(lower));
  if (longer.length === 1) return longer[0];
  const maxDistance = Math.max(1, Math.round(word.length * 0.4));
  return closestMatch(word, candidates, { maxDistance });
}

/** `, did you mean "ready"?` or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const match = nearest(word, candidates);
  return match === undefined ? "" : `, did you mean "${match}"?`;
}
