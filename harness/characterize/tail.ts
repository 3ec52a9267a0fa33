/** Where a guest's memory is not zero, by address: QEMU sends it in that order, and pages of zeros cost next to nothing. */

interface Memory {
  readonly nonZeroBytes: number;
  readonly memoryBytes: number;
  readonly tails?: readonly { readonly bytes: number; readonly nonZeroBytes: number }[] | undefined;
}

/** Non-zero bytes among the last so many bytes: linear between what was measured, even where nothing was. */
export function tailFunction({ nonZeroBytes, memoryBytes, tails = [] }: Memory) {
  const known = [
    { bytes: 0, nonZeroBytes: 0 },
    ...tails.filter(({ bytes }) => bytes < memoryBytes),
    { bytes: memoryBytes, nonZeroBytes },
  ];
  return (tailBytes: number): number => {
    const right = known.findIndex(({ bytes }) => bytes >= tailBytes);
    const to = known[right];
    const from = known[right - 1];
    if (to === undefined) return nonZeroBytes;
    if (from === undefined || to.bytes <= from.bytes) return to.nonZeroBytes;
    const part = (tailBytes - from.bytes) / (to.bytes - from.bytes);
    return Math.min(nonZeroBytes, from.nonZeroBytes + part * (to.nonZeroBytes - from.nonZeroBytes));
  };
}
