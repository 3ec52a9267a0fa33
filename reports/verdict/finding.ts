/** A sentence of the verdict. */

/** `bad` and `warning` ask for an answer; `good` and `note` tell. */
export interface Finding {
  readonly level: 'bad' | 'warning' | 'good' | 'note';
  /** The rule that said it. */
  readonly rule: string;
  /** One or two sentences; plain text that may hold names from plans: escape it. */
  readonly text: string;
}
