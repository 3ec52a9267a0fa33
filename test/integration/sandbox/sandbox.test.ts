/** The sandbox as this host allows it: its link carries what it should, is as slow as it should be, and is counted. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openToolbox } from '../../../harness/debian/toolbox.ts';
import { packageRoot } from '../../../harness/paths.ts';
import type { LinkShape } from '../../../harness/plan/types.ts';
import { chooseScratch, findSandboxKind } from '../../../harness/sandbox/enter.ts';
import type { LinkCopies } from '../../../harness/sandbox/link-copy.ts';
import { run } from '../../../harness/sandbox/process.ts';
import { skipBecause, visibleOutside } from '../run/cli.ts';

/** What inside.mjs sends each time. */
const BYTES = 1_000_000;

interface Result {
  readonly exit: unknown;
  readonly got: number;
  readonly ms: number;
  readonly toDestinationBytes: number;
  readonly toSourceBytes: number;
}

test('the migration link: shaped, reshaped, and counted at both ends', async (context) => {
  const { signal } = new AbortController();
  const kind = await findSandboxKind(signal);
  if (kind.mode === 'loopback') skipBecause(context, kind.notes.join(' '));
  const toolbox = await openToolbox(['ip', 'tc'], {});
  const tools = { ip: toolbox.program('ip'), tc: toolbox.program('tc') };
  const links: readonly LinkShape[] = [
    { bandwidthBitsPerSecond: 10e6 },
    { bandwidthBitsPerSecond: 'unlimited' },
    { bandwidthBitsPerSecond: 40e6 },
  ];
  const inUse = [packageRoot, process.cwd(), process.execPath, toolbox.program('ip').file];
  const { stdout } = await run(
    kind.entrance,
    [
      ...[process.execPath, join(packageRoot, 'test', 'integration', 'sandbox', 'inside.mjs')],
      ...[join(packageRoot, 'dist'), chooseScratch(kind.mode, inUse), kind.guestNetwork],
      JSON.stringify(links),
    ],
    { timeoutMs: 120_000, input: JSON.stringify(tools) },
  );
  const { results, copies, immortal } = JSON.parse(stdout) as {
    results: Result[];
    copies: LinkCopies;
    immortal: unknown;
  };
  // For calibration: at the link's rate, and without its delay.
  expect(copies.bytes).toBe(2 ** 20);
  expect(copies.timesMs).toHaveLength(7);
  const middle = copies.timesMs.toSorted((a, b) => a - b)[3] ?? 0;
  expect(middle, JSON.stringify(copies)).toBeGreaterThan(0.8 * 84);
  expect(middle, JSON.stringify(copies)).toBeLessThan(4 * 84);
  expect(results).toHaveLength(3);
  results.forEach((result, index) => {
    const what = JSON.stringify({ link: links[index], result });
    expect(result.exit, what).toEqual({ exitCode: 0 });
    expect(result.got, what).toBe(BYTES);
    // Headers add to what was sent; acknowledgements come back.
    expect(result.toDestinationBytes, what).toBeGreaterThan(BYTES);
    expect(result.toDestinationBytes, what).toBeLessThan(1.2 * BYTES);
    expect(result.toSourceBytes, what).toBeGreaterThan(0);
    expect(result.toSourceBytes, what).toBeLessThan(0.2 * BYTES);
    const rate = links[index]?.bandwidthBitsPerSecond;
    // A link is never faster than its rate, but for what its bucket lets through at once.
    if (typeof rate === 'number')
      expect(result.ms, what).toBeGreaterThan((0.8 * BYTES * 8000) / rate);
  });
  expect(immortal).toEqual({ signal: 'SIGKILL' });
  expect(visibleOutside()).toEqual([]);
});
