/** A predicted figure, with what it may be instead. */
export interface Range {
  readonly low: number;
  readonly expected: number;
  /** Absent where there is no bound: in a part of what may be, the migration does not end. */
  readonly high?: number;
}

/** @param isOpen whether one of the variants has no end. */
export function rangeOf(
  values: readonly number[],
  expected: number | undefined,
  isOpen: boolean,
): Range {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = expected ?? sorted[Math.floor(sorted.length / 2)] ?? 0;
  return {
    low: Math.min(middle, ...sorted),
    expected: middle,
    ...(isOpen ? {} : { high: Math.max(middle, ...sorted) }),
  };
}
