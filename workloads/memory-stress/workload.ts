/** memory-stress: writes pages of a fixed working set at a set rate, and can check every byte afterwards. */
import type { ParameterValues, WorkloadDefinition } from '../types.ts';

const PROGRAM = '/usr/lib/migbench/memory-stress';
const MIB = 1024 * 1024;

/** What the system needs beside the working set, and one part in 512 of it for tables. */
const SYSTEM_BYTES = 160 * MIB;

function workingSetBytes(parameters: ParameterValues): number {
  return Number(parameters['working-set']);
}

export const workload: WorkloadDefinition = {
  id: 'memory-stress',
  title: 'dirties pages of a working set at a set rate',
  description:
    'Writes 4 KiB pages of a fixed working set, at a constant rate or as fast as it can: the model of a guest whose memory changes faster than a link can carry. All pages are touched before the load begins. Every page holds its number, how often it was written, and content computed from both, so that verify recomputes each byte: a flipped bit and a page of an older time are both found. Progress is pages written (a page written twice counts twice), so the rate is the one achieved, not the one asked for.',
  parameters: {
    'working-set': {
      kind: 'bytes',
      description: 'Memory that is written to; rounded down to whole 4 KiB pages.',
      default: 64 * MIB,
      minimum: MIB,
      maximum: 1024 * 1024 * MIB,
    },
    'dirty-rate': {
      kind: 'bytes-per-second',
      description:
        'Pages written per second times 4 KiB, all threads together, even where only a part of a page is rewritten.',
      default: 20 * MIB,
      minimum: 4096,
      unlimited: true,
    },
    pattern: {
      kind: 'choice',
      description:
        'Which page comes next: in order; at random; nine of ten writes in the first tenth (hot-cold); or by Zipf popularity with exponent 0.99. Each thread has its own part of the working set.',
      default: 'random',
      choices: ['sequential', 'random', 'hot-cold', 'zipf'],
    },
    'bytes-per-page': {
      kind: 'bytes',
      description:
        'Bytes of a page that one write changes, its 32-byte header included; the place of the others moves through the page from write to write. Small values are what xbzrle is good at.',
      default: 4096,
      minimum: 40,
      maximum: 4096,
    },
    content: {
      kind: 'choice',
      description:
        'zero: the page is zero except for its header (compresses almost to nothing, but is never an all-zero page to QEMU). text: words, which zlib and zstd shrink to about a quarter. random: not compressible.',
      default: 'random',
      choices: ['zero', 'text', 'random'],
    },
    threads: {
      kind: 'count',
      description: 'Threads that write, each at its share of the rate.',
      default: 1,
      minimum: 1,
      maximum: 64,
    },
    loop: {
      kind: 'choice',
      description:
        'open: writes keep a schedule and catch up after a stall, as requests from outside would. closed: time lost in a stall is not made up for, so the load slows with the guest.',
      default: 'open',
      choices: ['open', 'closed'],
    },
  },
  progressUnit: 'pages',
  loop: (parameters) =>
    parameters['loop'] === 'open' && parameters['dirty-rate'] !== 'unlimited' ? 'open' : 'closed',
  guest: {
    programs: [{ sources: ['memory-stress.c', 'page.c', 'pattern.c'], target: PROGRAM }],
  },
  command: (parameters) => [
    PROGRAM,
    ...['working-set', 'dirty-rate', 'pattern', 'bytes-per-page', 'content', 'threads', 'loop'].map(
      (name) => String(parameters[name]),
    ),
  ],
  minimumGuestMemoryBytes: (parameters) =>
    SYSTEM_BYTES + workingSetBytes(parameters) + Math.ceil(workingSetBytes(parameters) / 512),
  readyTimeoutMs: 60_000,
  gate: { windowMs: 500, tolerance: 0.15, timeoutMs: 10_000 },
  verifies: true,
  verifyTimeoutMs: 60_000,
};
