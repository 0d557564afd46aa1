/** Something that is legal in a rules file and surely not meant. */
export interface Habit {
  /** Where it stands, from the rule. */
  readonly keys: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string | undefined;
}
