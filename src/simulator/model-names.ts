import type { Random } from "../runtime/random.ts";

// Those that Kubernetes uses for generated names: no vowels, nothing that looks like another.
// https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
const LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;

/** Names, uids and addresses for what a model makes: drawn where there is a Random, else counted. */
export class ModelNames {
  readonly #random: Random | undefined;
  #count = 0;
  #addresses = 0;

  constructor(random: Random | undefined) {
    this.#random = random;
  }

  /** The next IPv4 address on a node; never the same twice. */
  address(nodeIndex: number): string {
    this.#addresses += 1;
    return `10.${20 + nodeIndex}.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`;
  }

  /** A UUID of version 4. */
  uid(): string {
    const random = this.#random;
    this.#count += 1;
    if (!random) return `00000000-0000-4000-8000-${this.#count.toString(16).padStart(12, "0")}`;
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replaceAll("x", () =>
      Math.floor(random() * 16).toString(16),
    );
  }

  /** The five letters and digits that end a generated name. */
  suffix(): string {
    this.#count += 1;
    let rest = this.#count;
    let suffix = "";
    for (let place = 0; place < SUFFIX_LENGTH; place += 1) {
      const index = this.#random ? Math.floor(this.#random() * LETTERS.length) : rest % LETTERS.length;
      suffix = `${LETTERS[index]}${suffix}`;
      rest = Math.floor(rest / LETTERS.length);
    }
    return suffix;
  }
}
