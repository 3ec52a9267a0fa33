/**
 * The model of pre-copy against a simulation of single pages: a bitmap, a cursor, a writer that draws pages, and the
 * rule by which QEMU ends a pass.
 */
import { describe, expect, test } from 'vitest';
import { pageClasses } from '../../../harness/characterize/classes.ts';
import { knownDirtyBytes, type Pattern } from '../../../harness/characterize/closed-forms.ts';
import { dirtyFunction } from '../../../harness/characterize/curve.ts';
import { runPrecopy, type PrecopyCase } from '../../../harness/characterize/precopy-model.ts';
import { chooser, random } from './writer.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;
const ITERATION_MS = 50;
const WINDOWS = [50, 100, 250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000, 60_000];

interface Setup {
  readonly pattern: Pattern;
  readonly memoryBytes: number;
  readonly workingSetBytes: number;
  readonly writtenBytesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly limitMs: number;
}

/** Steps of 1 ms; the pages of the working set lie scattered in memory. `undefined`: no end within 60 s. */
function simulate(setup: Setup) {
  const pages = setup.memoryBytes / PAGE;
  const set = setup.workingSetBytes / PAGE;
  const places = Array.from({ length: pages }, (_, index) => index);
  const draw = random(7);
  for (let index = pages - 1; index > 0; index -= 1) {
    const other = Math.floor(draw() * (index + 1));
    [places[index], places[other]] = [places[other]!, places[index]!];
  }
  const next = chooser(setup.pattern, set, 3);
  const toSend = new Uint8Array(pages).fill(1);
  const log = new Uint8Array(pages);
  const threshold = (setup.bytesPerSecond * setup.limitMs) / 1000 / PAGE;
  let left = pages;
  let cursor = 0;
  let sent = 0;
  let passes = 1;
  let writesDue = 0;
  let sendDue = 0;
  for (let ms = 1; ms <= 60_000; ms += 1) {
    writesDue += setup.writtenBytesPerSecond / PAGE / 1000;
    for (; writesDue >= 1; writesDue -= 1) log[places[next()]!] = 1;
    sendDue += setup.bytesPerSecond / PAGE / 1000;
    for (; sendDue >= 1 && left > 0; sendDue -= 1) {
      while (toSend[cursor] === 0) cursor = (cursor + 1) % pages;
      toSend[cursor] = 0;
      left -= 1;
      sent += 1;
    }
    if (ms % ITERATION_MS === 0 && left < threshold) {
      for (let page = 0; page < pages; page += 1) {
        if (log[page] === 1 && toSend[page] === 0) {
          toSend[page] = 1;
          left += 1;
        }
        log[page] = 0;
      }
      if (left < threshold) {
        const lastMs = ((left * PAGE) / setup.bytesPerSecond) * 1000;
        return { totalMs: ms + lastMs, bytes: (sent + left) * PAGE, lastMs, passes };
      }
      passes += 1;
    }
  }
  return undefined;
}

function model(setup: Setup, more: Partial<PrecopyCase> = {}) {
  const points = WINDOWS.map((windowMs) => {
    const bytes = knownDirtyBytes({ ...setup, threads: 1 }, windowMs);
    return { windowMs, uniqueDirtyBytes: { n: 1, median: bytes, low: bytes, high: bytes } };
  });
  const dirty = dirtyFunction(points, setup.workingSetBytes, 'median');
  return runPrecopy({
    nonZeroBytes: setup.memoryBytes,
    zeroBytes: 0,
    tailNonZero: (bytes) => bytes,
    classes: pageClasses(dirty, WINDOWS),
    liveBytesPerSecond: setup.bytesPerSecond,
    estimateBytesPerSecond: setup.bytesPerSecond,
    downtimeLimitMs: setup.limitMs,
    wireFactor: () => 1,
    zeroPagesPerSecond: 1e9,
    socketBytes: 0,
    iterationMs: ITERATION_MS,
    ...more,
  });
}

const setup = (pattern: Pattern, writtenMib: number, sentMib: number, limitMs: number): Setup => ({
  pattern,
  memoryBytes: 128 * MIB,
  workingSetBytes: 64 * MIB,
  writtenBytesPerSecond: writtenMib * MIB,
  bytesPerSecond: sentMib * MIB,
  limitMs,
});

describe('the model of pre-copy', () => {
  test.each([
    setup('random', 20, 50, 300),
    setup('random', 20, 50, 100),
    setup('random', 20, 30, 300),
    setup('random', 40, 50, 300),
    setup('hot-cold', 40, 50, 300),
    setup('hot-cold', 60, 40, 300),
    setup('sequential', 20, 50, 300),
    setup('sequential', 20, 40, 100),
    setup('zipf', 40, 40, 300),
    setup('random', 5, 100, 30),
  ])('agrees with single pages: %j', (one) => {
    const simulated = simulate(one);
    const predicted = model(one);
    expect(simulated, 'the simulation ends').toBeDefined();
    expect(predicted.end).toBe('converged');
    const lastMs = (predicted.remainingBytes / one.bytesPerSecond) * 1000;
    const bytes = predicted.liveBytes + predicted.remainingBytes;
    expect((predicted.liveMs + lastMs) / simulated!.totalMs).toBeGreaterThan(0.91);
    expect((predicted.liveMs + lastMs) / simulated!.totalMs).toBeLessThan(1.09);
    expect(bytes / simulated!.bytes).toBeGreaterThan(0.91);
    expect(bytes / simulated!.bytes).toBeLessThan(1.09);
    expect(Math.abs(lastMs - simulated!.lastMs)).toBeLessThan(0.2 * one.limitMs);
  });

  test.each([setup('random', 90, 50, 100), setup('sequential', 60, 40, 300)])(
    'does not end where single pages do not: %j',
    (one) => {
      expect(simulate(one)).toBeUndefined();
      expect(model(one).end).toBe('hovers');
    },
  );

  test('ends once a throttle has slowed a busy guest down, and not where the guest sleeps anyway', () => {
    const throttle = {
      initialPercent: 20,
      incrementPercent: 10,
      maximumPercent: 99,
      triggerPercent: 50,
    };
    const one = setup('random', 90, 50, 100);
    const busy = model(one, { throttle: { ...throttle, busyFraction: 1 } });
    expect(busy.end).toBe('converged');
    expect(busy.throttlePercent).toBeGreaterThanOrEqual(40);
    const sleepy = model(one, { throttle: { ...throttle, busyFraction: 0.1 } });
    expect(sleepy.throttlePercent).toBeGreaterThan(90);
  });

  test('leaves for post-copy after a pass or a time', () => {
    const one = setup('random', 90, 50, 100);
    const afterPass = model(one, { leaveAfter: { passes: 1 } });
    expect(afterPass).toMatchObject({ end: 'left', passes: 1 });
    const afterTime = model(one, { leaveAfter: { timeMs: 500 } });
    expect(afterTime.liveMs).toBeCloseTo(500, 6);
    expect(afterTime.liveBytes).toBeCloseTo(25 * MIB, -2);
  });
});
