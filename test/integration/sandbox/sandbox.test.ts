/** The sandbox as this host allows it: its link carries what it should, is as slow as it should be, and is counted. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostCProgram } from '../../../harness/debian/host-program.ts';
import { openToolbox } from '../../../harness/debian/toolbox.ts';
import { packageRoot } from '../../../harness/paths.ts';
import type { LinkShape } from '../../../harness/plan/types.ts';
import { chooseScratch, findSandboxKind } from '../../../harness/sandbox/enter.ts';
import type { LinkCopies } from '../../../harness/sandbox/link-copy.ts';
import { hostProgram, run } from '../../../harness/sandbox/process.ts';
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

interface Answer {
  readonly results: Result[];
  readonly copies: LinkCopies;
  readonly immortal: unknown;
  readonly down: Partial<Result>;
  readonly up: Partial<Result>;
  readonly stream: {
    readonly sentBytes: number;
    readonly refusedBytes: number;
    readonly durationMs: number;
    readonly arrivedBytes: number;
    readonly otherBytes: number;
  };
}

test('the migration link: shaped, reshaped, and counted at both ends', async (context) => {
  const { signal } = new AbortController();
  const kind = await findSandboxKind(signal);
  if (kind.mode === 'loopback') skipBecause(context, kind.notes.join(' '));
  const toolbox = await openToolbox(['ip', 'tc'], {});
  const source = join(packageRoot, 'harness', 'sandbox', 'stream.c');
  const stream = hostProgram(await hostCProgram(source));
  const tools = { ip: toolbox.program('ip'), tc: toolbox.program('tc'), stream };
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
  const { results, copies, immortal, down, up, ...found } = JSON.parse(stdout) as Answer;
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
  const said = JSON.stringify(found.stream);
  // inside.mjs sends 20 Mbit/s for three seconds over the last link.
  const sentBitsPerSecond = (found.stream.sentBytes * 8000) / found.stream.durationMs;
  expect(sentBitsPerSecond, said).toBeGreaterThan(0.8 * 20e6);
  expect(sentBitsPerSecond, said).toBeLessThan(1.01 * 20e6);
  expect(found.stream.refusedBytes, said).toBe(0);
  expect(found.stream.arrivedBytes / found.stream.sentBytes, said).toBeGreaterThan(0.99);
  expect(found.stream.arrivedBytes / found.stream.sentBytes, said).toBeLessThanOrEqual(1);
  // What is not of the stream is a neighbour's address that was asked for.
  expect(Math.abs(found.stream.otherBytes), said).toBeLessThan(0.002 * found.stream.sentBytes);
  expect(down, JSON.stringify(down)).not.toHaveProperty('got');
  expect(up, JSON.stringify(up)).toMatchObject({ exit: { exitCode: 0 }, got: BYTES });
  expect(immortal).toEqual({ signal: 'SIGKILL' });
  expect(visibleOutside()).toEqual([]);
});
