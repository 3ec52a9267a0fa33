/** The summary on the terminal. */
import { expect, test } from 'vitest';
import { terminalSummary } from '../../../reports/index.ts';
import { readRun } from '../../../harness/record/reader.ts';
import { readEveryOutcome, runOf } from './fixture.ts';

test('a row per cell, aligned', async () => {
  const lines = terminalSummary(await readEveryOutcome(), { color: false, width: 120 }).split('\n');
  expect(lines.slice(0, 19)).toEqual([
    'every-outcome: 17 of 24 trials completed; 2 did not converge, 2 failed, 1 was invalid, 2 were skipped. The gate is NOT passed: 3 of 15 checks failed.',
    '',
    '• memory-stress does not always converge at 200Mbit/s (it does at 1Gbit/s) with precopy; auto-converge does. There,',
    '  auto-converge takes 10.3 s, pauses the guest 246 ms and costs 3.08 s of work.',
    '• In 1 of 6 cells the guest stood still longer than its downtime limit: memory-stress with precopy at 200Mbit/s, 311 ms',
    '  where 300 ms was allowed.',
    "• idle, database and <script>alert('x')</script> complete with every setting tried, in 640 ms to 1.42 s; the longest",
    '  pause is 71.3 ms (database with precopy at 1Gbit/s).',
    '• The dearest migration costs 5.62 s of work (memory-stress with precopy at 200Mbit/s), the cheapest 190 ms',
    "  (<script>alert('x')</script> with =cmd()|`id` at unlimited).",
    '',
    'cell                                                   completed               total  downtime    pause      sent',
    'idle · precopy · 1Gbit/s                               6/6                    827 ms     32 ms  44.9 ms  98.1 MiB',
    'memory-stress · precopy · 1Gbit/s                      6/6                    1.75 s    123 ms   141 ms   188 MiB',
    'memory-stress · precopy · 200Mbit/s                    1/3 (2 not converged)  > 20 s    287 ms   311 ms   452 MiB',
    'memory-stress · auto-converge · 200Mbit/s              2/2                    10.3 s    223 ms   246 ms   248 MiB',
    'memory-stress · postcopy · 200Mbit/s                   skipped                     –         –        –         –',
    'memory-stress · multifd · 1Gbit/s                      0/2 (2 failed)              –         –        –         –',
    'database · precopy · 1Gbit/s                           1/1 (1 invalid)        1.12 s     54 ms  71.3 ms   122 MiB',
  ]);
});

test.each([60, 80, 120, 200])('fits into %d columns', async (width) => {
  const text = terminalSummary(await readEveryOutcome(), { color: false, width });
  const names = /~[0-9a-f]{8}/;
  // A cell's id is one word, to be copied: it is not broken.
  const lines = text
    .split('\n')
    .slice(1)
    .filter((line) => !names.test(line));
  expect(lines.filter((line) => line.length > Math.max(width, 70))).toEqual([]);
});

test('colours only where asked for; escape sequences of guests never', async () => {
  const run = await readEveryOutcome();
  // oxlint-disable-next-line no-control-regex -- escape sequences are what this is about
  expect(terminalSummary(run, { color: false, width: 100 })).not.toMatch(/\u001b/);
  const colored = terminalSummary(run, { color: true, width: 120 });
  expect(colored).toContain('\u001b[31m0/2 (2 failed)\u001b[0m');
  expect(colored).toContain('�[31mred');
});

test('a run without records', async () => {
  const run = await readRun(await runOf([]));
  expect(terminalSummary(run, { color: false, width: 80 })).toBe(
    'example: No trial has been recorded yet (0 planned).\n',
  );
});
