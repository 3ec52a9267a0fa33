/** What is being done while a tree is made: for a live line, and for the hurry to stop it. */

/** One step of progress. `detail` is a short phrase for a person: `bookworm: 12 of 38 MB`. */
export interface ProvisionProgress {
  readonly phase: 'waiting' | 'lists' | 'download' | 'unpack' | 'compile';
  readonly doneBytes: number;
  /** Absent where the total is not known beforehand. */
  readonly totalBytes?: number;
  readonly detail: string;
}

/** What every slow function of this folder takes. */
export interface ProvisionOptions {
  /** Base address of a Debian mirror, instead of the one the machine is configured for. */
  readonly mirror?: string;
  /** Called a few times per second at most; must not throw. */
  readonly onProgress?: (progress: ProvisionProgress) => void;
  /** Ends what is being done with an `interrupted` error; what was downloaded so far is kept. */
  readonly signal?: AbortSignal;
  /** Ask the mirror again although the answer is known. */
  readonly refresh?: boolean;
  /** The cache folder; by default the user's. */
  readonly cache?: string;
}

/** Bytes as a person reads them, in MB: `12.3 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`;
}
