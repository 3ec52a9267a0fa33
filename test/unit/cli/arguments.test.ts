/** Command lines that are not right: the nearest word, and values that no flag can have. */
import { describe, expect, test } from 'vitest';
import { didYouMean, valueProblem } from '../../../harness/cli/arguments.ts';

const known = {
  flags: ['repetitions', 'json', 'dry-run'],
  commands: { run: [], report: [], qemu: ['list', 'add', 'remove'] },
};

describe('didYouMean', () => {
  test.each([
    [['run', '--reptitions', '3'], 'Did you mean --repetitions?'],
    [['run', '--dry_run'], 'Did you mean --dry-run?'],
    [['run', '--no-jsn'], 'Did you mean --json?'],
    [['repotr', 'x'], 'Did you mean report?'],
    [['qemu', 'lst'], 'Did you mean list?'],
    [['repotr', '--jsn=1'], 'Did you mean --json, report?'],
    [['run', '--json', 'plan.yaml'], ''],
    [['run', '--entirely-different'], ''],
    [['run', '--', '--jsn'], ''],
    [[], ''],
  ])('%j', (argv, expected) => {
    expect(didYouMean(argv, known)).toBe(expected);
  });
});

describe('valueProblem', () => {
  test('a flag that has one value is given once', () => {
    const parsed = { _: ['run'], $0: 'migbench', out: ['a', 'b'] };
    expect(valueProblem(parsed, ['run', '--out', 'a', '--out=b'])).toBe(
      '--out can be given once only.',
    );
  });

  test('--set and --format may be repeated', () => {
    expect(
      valueProblem(
        { _: ['run'], set: ['a=1', 'b=2'], format: ['md'], threshold: ['a<1', 'b<2'] },
        [],
      ),
    ).toBeUndefined();
  });

  test('an empty value is no value', () => {
    expect(valueProblem({ _: ['run'], out: '' }, ['run', '--out', ''])).toBe(
      '--out is empty: give it a value, or leave it out.',
    );
    expect(valueProblem({ _: ['run'], plan: '' }, ['run', ''])).toBe(
      'The plan is empty: give it a value, or leave it out.',
    );
  });
});
