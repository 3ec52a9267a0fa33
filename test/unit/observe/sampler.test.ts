/** A steady pace: late turns are left out, and a turn that fails ends it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Sampler } from '../../../harness/observe/sampler.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('keeps its schedule', async () => {
  const turns: number[] = [];
  const from = performance.now();
  const sampler = new Sampler(50, () => {
    turns.push(performance.now() - from);
  });
  sampler.start();
  await vi.advanceTimersByTimeAsync(210);
  await sampler.stop();
  await vi.advanceTimersByTimeAsync(200);
  expect(turns).toEqual([50, 100, 150, 200]);
});

it('leaves out what a slow turn has missed', async () => {
  const turns: number[] = [];
  const from = performance.now();
  const sampler = new Sampler(50, async () => {
    turns.push(performance.now() - from);
    if (turns.length === 1) await new Promise((resolve) => setTimeout(resolve, 120));
  });
  sampler.start();
  await vi.advanceTimersByTimeAsync(260);
  await sampler.stop();
  expect(turns).toEqual([50, 200, 250]);
});

it('asks for its pace before each turn', async () => {
  const turns: number[] = [];
  const from = performance.now();
  const sampler = new Sampler(
    () => 50 * (turns.length + 1),
    () => {
      turns.push(performance.now() - from);
    },
  );
  sampler.start();
  await vi.advanceTimersByTimeAsync(310);
  await sampler.stop();
  expect(turns).toEqual([50, 150, 300]);
});

it('tells at the end what a turn threw', async () => {
  const sampler = new Sampler(50, () => {
    throw new Error('counter file gone');
  });
  sampler.start();
  await vi.advanceTimersByTimeAsync(200);
  await expect(sampler.stop()).rejects.toThrow('counter file gone');
});
