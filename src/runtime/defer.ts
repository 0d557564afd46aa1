/** Outcomes that come within this time are written in one transaction: each transaction costs more than what it writes. */
const TOGETHER_MS = 5;

/** Runs work a moment later, together with what else comes until then. */
export function deferBriefly(work: () => void): void {
  setTimeout(work, TOGETHER_MS);
}
