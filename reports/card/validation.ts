/** validation.md: predictions beside what was measured, and the predictor's own error. */
import {
  confusionOf,
  errorsOf,
  ownErrorOf,
  type ValidatedTrial,
  type Validation,
} from '../../harness/characterize/validation.ts';
import { formatBitRate, formatBytes, formatDuration } from '../../harness/units.ts';
import { escapeMarkdown } from '../escape.ts';
import { UNKNOWN } from '../format.ts';
import { groupsOf } from '../groups.ts';
import { rangeText } from './figures.ts';
import { errorPair, ownErrorText } from './own-error.ts';

const duration = (ms: number): string => (ms === 0 ? '0 ms' : formatDuration(ms));
const signed = (percent: number | undefined, unit = ' %'): string =>
  percent === undefined
    ? UNKNOWN
    : `${percent >= 0 ? '+' : '−'}${Math.abs(Number(percent.toPrecision(2)))}${unit}`;

const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    line(heads),
    `| ${heads.map((_, index) => (index === 0 ? '---' : '---:')).join(' | ')} |`,
    ...rows.map(line),
  ].join('\n');

/** The errors of each group and of all, as rows of a table. */
export function errorRows(trials: readonly ValidatedTrial[]): string[][] {
  const groups = groupsOf(
    trials,
    ({ workload, qemu, setting }) => `${workload}, ${setting}, QEMU ${qemu}`,
  );
  const all: readonly (readonly [string, readonly ValidatedTrial[]])[] =
    groups.size === 1 ? [...groups] : [...groups, ['all', trials]];
  return all.map(([name, own]) => {
    const error = ownErrorOf(own, '');
    return [
      name,
      String(own.length),
      errorPair(error.totalTimePercent, ' %'),
      errorPair(error.bytesPercent, ' %'),
      errorPair(error.downtimePercent, ' %'),
      errorPair(error.downtimeMs, ' ms'),
      `${error.wrongCalls} of ${error.calls}`,
      String(error.coinFlips),
    ];
  });
}

export const ERROR_HEADS = [
  'trials',
  'n',
  'total time',
  'bytes',
  'downtime',
  'downtime, ms',
  'wrong calls',
  'coin flips',
] as const;

/** The whole document. */
export function validationMarkdown(validation: Validation, source: string): string {
  const { trials, leftOut } = validation;
  const calls = confusionOf(trials);
  const out = Object.entries(leftOut).map(([why, count]) => `${count} ${why}`);
  return `${[
    '# Validation of predictions',
    escapeMarkdown(ownErrorText(ownErrorOf(trials, source))),
    ...(out.length === 0 ? [] : [escapeMarkdown(`Left out: ${out.join('; ')}.`)]),
    '## Errors: median of |error|, in brackets the 90th percentile',
    table(ERROR_HEADS, errorRows(trials)),
    '## Convergence within the deadline',
    table(
      ['predicted', 'completed', 'not converged'],
      Object.entries(calls).map(([call, [completed, not]]) => [
        call,
        String(completed),
        String(not),
      ]),
    ),
    '## Every migration',
    table(
      [
        ...['workload', 'setting', 'link', 'limit', 'predicted', 'outcome'],
        ...['total, predicted', 'measured', 'error', 'sent, predicted', 'measured', 'error'],
        ...['downtime, predicted', 'measured', 'error', 'passes, predicted', 'measured'],
      ],
      trials.map(trialRow),
    ),
  ].join('\n\n')}\n`;
}

function trialRow(trial: ValidatedTrial): string[] {
  const { prediction, measured } = trial;
  const errors = errorsOf(trial);
  const known = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? UNKNOWN : format(value);
  return [
    trial.workload,
    trial.setting,
    trial.bandwidthBitsPerSecond === 'unlimited'
      ? 'unlimited'
      : formatBitRate(trial.bandwidthBitsPerSecond),
    duration(trial.downtimeLimitMs),
    trial.call,
    trial.converged ? 'completed' : 'not converged',
    rangeText(prediction.totalTimeMs, duration),
    known(measured?.totalTimeMs, duration),
    signed(errors?.totalTimePercent),
    rangeText(prediction.bytes, formatBytes),
    known(measured?.bytes, formatBytes),
    signed(errors?.bytesPercent),
    rangeText(prediction.downtimeMs, duration),
    known(measured?.downtimeMs, duration),
    signed(errors?.downtimeMs, ' ms'),
    known(prediction.passes?.expected, String),
    known(measured?.passes, String),
  ];
}
