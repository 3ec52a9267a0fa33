/** Comparisons of runs that no one made, for looking at what is written of them. */
import { compareGroups, compareRuns, type Comparison } from '../../../harness/compare/index.ts';
import { madeUpRun, trials } from '../compare/fixture.ts';
import { hostileNames } from './hostile-names.ts';

const quiet = [2000, 2010, 2020, 2030, 2040, 2050];

/** One cell of two slower by a tenth, the other with a trial that did not complete. */
export const slower = (): Comparison =>
  compareRuns(
    madeUpRun([
      { observations: trials('totalTimeMs', quiet) },
      { labels: { setting: 'postcopy' }, observations: trials('totalTimeMs', quiet) },
    ]),
    madeUpRun(
      [
        { observations: trials('totalTimeMs', [...quiet.map((value) => value * 1.101)]) },
        {
          labels: { setting: 'postcopy' },
          observations: trials('totalTimeMs', [...quiet.slice(1), undefined]),
        },
      ],
      { runId: 'two', node: '22.0.0' },
    ),
  );

/** Hostile names in every place of a comparison that takes one; each candidate takes twice as long. */
export const hostile = (): Comparison =>
  compareGroups(
    madeUpRun(
      hostileNames.flatMap((name, index) =>
        ['old', name].map((setting) => ({
          labels: { setting, workload: `${name} ${index}`, link: name, guest: name, qemu: name },
          hash: name,
          observations: trials(
            'totalTimeMs',
            quiet.map((value) => (setting === 'old' ? value : value * 2)),
          ),
        })),
      ),
      { planName: '<b>plan</b>', node: '<b>node</b>' },
    ),
    'setting',
  );
