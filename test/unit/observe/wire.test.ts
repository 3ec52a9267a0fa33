/** The wire over time: literal counters, literal samples. */
import { expect, it } from 'vitest';
import { wireSamples } from '../../../harness/observe/wire.ts';

it('each sample is what passed since the reading before it', () => {
  const readings = [
    { atMs: 1950, toDestinationBytes: 100, toSourceBytes: 10 },
    { atMs: 2000, toDestinationBytes: 100, toSourceBytes: 10 },
    { atMs: 2060.5, toDestinationBytes: 5100, toSourceBytes: 70 },
  ];
  expect(wireSamples(readings, 2000)).toEqual([
    { atMs: 0, kind: 'wire', bytesToDestination: 0, bytesToSource: 0, values: { intervalMs: 50 } },
    {
      atMs: 60.5,
      kind: 'wire',
      bytesToDestination: 5000,
      bytesToSource: 60,
      values: { intervalMs: 60.5 },
    },
  ]);
});

it('one reading is no interval', () => {
  expect(wireSamples([{ atMs: 1, toDestinationBytes: 5, toSourceBytes: 5 }], 0)).toEqual([]);
});
