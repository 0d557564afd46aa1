/** So many lists in a row that are older than what is known are refused; the next is taken for the truth. */
const REFUSED_IN_A_ROW = 2;

/**
 * Notices a list that is older than what a scope's watch has shown: it would bring back who has left. One API server of several
 * may be behind the others. Where all are, etcd was restored from a backup, and the older state is the truth.
 */
export class ListAge {
  #refused = 0;

  /** Whether to ask again instead of taking in this list. `known`: the latest version seen, undefined for none. */
  refuses(listed: string, known: string | undefined): boolean {
    const isOlder = known !== undefined && isLower(listed, known);
    this.#refused = isOlder && this.#refused < REFUSED_IN_A_ROW ? this.#refused + 1 : 0;
    return this.#refused > 0;
  }
}

/**
 * Versions may be compared as numbers, where both look like such:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
function isLower(a: string, b: string): boolean {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}
