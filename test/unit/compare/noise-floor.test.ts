/** The noise floor of runs with `--aa`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareRuns, noiseFloorLookup, readNoiseFloor } from '../../../harness/compare/index.ts';
import { noiseFloorOf } from '../../../harness/compare/noise-floor.ts';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import { temporaryFolder } from '../record/temporary.ts';
import { madeUpRun, trials } from './fixture.ts';

/** Twenty trials as A and B by turns (ABBA), B longer by a factor. */
const aa = (factor: number, drift = 0) =>
  Array.from({ length: 20 }, (_, block) => {
    const isA = block % 4 === 0 || block % 4 === 3;
    return (isA ? 1 : factor) * (2000 + ((block * 7) % 11) + drift * block);
  });

const floorOf = (figures: readonly number[]) =>
  noiseFloorOf(madeUpRun([{ observations: trials('totalTimeMs', figures) }]));

describe('the noise floor', () => {
  it('is the largest change that A/A cannot exclude', () => {
    const found = floorOf(aa(1));
    const [cell] = found.cells;
    expect(cell?.metrics).toHaveLength(1);
    expect(cell?.metrics[0]).toMatchObject({ metric: 'total_time_ms', n: [10, 10], kind: 'ratio' });
    expect(cell?.metrics[0]?.estimate).toBeCloseTo(1, 2);
    expect(found.metrics['total_time_ms']).toBeGreaterThan(0.001);
    expect(found.metrics['total_time_ms']).toBeLessThan(0.006);
    expect(floorOf(aa(1.1)).metrics['total_time_ms']).toBeGreaterThan(0.1);
  });

  it('does not take a steady drift for a difference', () => {
    expect(floorOf(aa(1, 40)).cells[0]?.metrics[0]?.estimate).toBeCloseTo(1, 2);
  });

  it('is absent where there are too few trials, or no ratio', () => {
    expect(floorOf(aa(1).slice(0, 6)).metrics).toEqual({});
    expect(floorOf(aa(1).map((value) => value - 2000))).toMatchObject({ metrics: {} });
  });

  it('keeps a comparison from calling less', () => {
    const floor = noiseFloorLookup(floorOf(aa(1.1)));
    const cell = 'idle/precopy/1Gbit/s/384MiB-1cpu/system~00000000';
    expect(floor('totalTimeMs', cell)).toBeGreaterThan(0.1);
    expect(floor('totalTimeMs', 'another')).toBe(floor('totalTimeMs', cell));
    expect(floor('pauseMs', cell)).toBeUndefined();
    // A cell with too few trials for a floor of its own has the highest, and not none.
    const mixed = noiseFloorLookup(
      noiseFloorOf(
        madeUpRun([
          { observations: trials('totalTimeMs', aa(1.1)) },
          { labels: { setting: 'few' }, observations: trials('totalTimeMs', [1, 2, 3, 4]) },
        ]),
      ),
    );
    expect(mixed('totalTimeMs', cell.replace('precopy', 'few'))).toBe(mixed('totalTimeMs', cell));
    const quiet = [2000, 2010, 2020, 2030, 2040, 2050];
    const run = (factor: number, runId: string) =>
      madeUpRun(
        [
          {
            observations: trials(
              'totalTimeMs',
              quiet.map((value) => value * factor),
            ),
          },
        ],
        {
          runId,
        },
      );
    const options = { metrics: [metricOf('totalTimeMs')], minimumChange: 0.01 };
    expect(compareRuns(run(1, 'a'), run(1.08, 'b'), options).verdict).toBe('regressed');
    expect(
      compareRuns(run(1, 'a'), run(1.08, 'b'), { ...options, noiseFloor: floor }).verdict,
    ).toBe('no-change');
  });

  it('is read from a run directory, checked', async () => {
    const folder = join(await temporaryFolder(), 'run');
    await mkdir(folder);
    expect(await readNoiseFloor(folder)).toBeUndefined();
    const found = floorOf(aa(1));
    await writeFile(join(folder, 'noise-floor.json'), JSON.stringify(found));
    expect(await readNoiseFloor(folder)).toEqual(found);
    await writeFile(join(folder, 'noise-floor.json'), '{"schemaVersion": 1}');
    await expect(readNoiseFloor(folder)).rejects.toThrow(/noise-floor\.json: not as expected/u);
  });
});
