/** How good predictions were found to be, as a card says it: in a table by setting, and in a sentence. */
import type { Card, OwnError } from '../../harness/characterize/card.ts';
import { settingCaution, type SettingName } from '../../harness/characterize/conditions.ts';
import { UNKNOWN } from '../format.ts';
import type { CardTable } from './content.ts';

/** `4 % (9.7 %)`: the median of |error| and its 90th percentile. */
export function errorPair(
  of: { readonly median: number; readonly p90: number } | undefined,
  unit: string,
): string {
  return of === undefined
    ? UNKNOWN
    : `${Number(of.median.toPrecision(2))}${unit} (${Number(of.p90.toPrecision(2))}${unit})`;
}

/** A row for each setting that was tried; no table where none was. */
export function ownErrors({ ownError, ownErrorBySetting = {} }: Card): CardTable[] {
  const found: (readonly [string, OwnError])[] = [
    ...(ownError === undefined ? [] : [['precopy', ownError] as const]),
    ...Object.entries(ownErrorBySetting),
  ];
  if (found.length === 0) return [];
  const called = (counts: readonly [number, number] | undefined): string =>
    counts === undefined ? UNKNOWN : `${counts[0]} / ${counts[1]}`;
  return [
    {
      caption:
        'The predictor’s own error: migrations that were predicted, then done. Median of |error|, in brackets the 90th percentile; of each call, how many completed / did not converge',
      heads: [
        ...['setting', 'migrations', 'total time', 'sent', 'downtime', 'downtime, ms'],
        ...['called yes', 'coin flip', 'called no', 'wrong calls'],
      ],
      rows: found.map(([setting, error]) => [
        setting,
        String(error.trials),
        errorPair(error.totalTimePercent, ' %'),
        errorPair(error.bytesPercent, ' %'),
        errorPair(error.downtimePercent, ' %'),
        errorPair(error.downtimeMs, ' ms'),
        called(error.confusion?.yes),
        called(error.confusion?.['coin flip']),
        called(error.confusion?.no),
        `${error.wrongCalls} of ${error.calls}`,
      ]),
    },
  ];
}

/** How good such predictions were found to be. `subject` says of what they were. */
export function ownErrorText(error: OwnError, subject = ''): string {
  const part = (name: string, of: { median: number; p90: number } | undefined, unit: string) =>
    of === undefined
      ? []
      : [
          `${name} ${Number(of.median.toPrecision(2))}${unit} (p90 ${Number(of.p90.toPrecision(2))}${unit})`,
        ];
  const figures = [
    ...part('total time', error.totalTimePercent, ' %'),
    ...part('bytes', error.bytesPercent, ' %'),
    ...part('downtime', error.downtimePercent, ' %'),
    ...part('downtime', error.downtimeMs, ' ms'),
  ];
  return (
    `The predictor's own error${subject === '' ? '' : ` of ${subject}`}, ${error.source}, ${error.trials} migrations: median of |error| ${figures.join(', ')}; ` +
    `${error.wrongCalls} of ${error.calls} convergence calls wrong, ${error.coinFlips} coin flips.`
  );
}

/** How good predictions of plain pre-copy from a card were found to be. */
export function plainErrorText({ ownError, ownErrorBySetting = {} }: Card): string {
  if (ownError !== undefined) return ownErrorText(ownError, 'plain pre-copy');
  const subject = Object.keys(ownErrorBySetting).length === 0 ? '' : ' of plain pre-copy';
  return `How far off predictions${subject} from this card are has not been measured: migbench validate does.`;
}

/** What is known against a setting's predictions; plain pre-copy has a line of its own. */
export function trustText(card: Card, setting: SettingName): string {
  if (setting === 'precopy') return '';
  const error = card.ownErrorBySetting?.[setting];
  const caution = settingCaution(setting);
  return error === undefined ? caution : `${caution} ${ownErrorText(error, setting)}`;
}

/** The same of each mode that a card or a guide recommends, with its name. */
export function modesTrust(card: Card, modes: readonly (SettingName | 'do-not-move')[]): string[] {
  return [...new Set(modes)].flatMap((mode) => {
    const text = mode === 'do-not-move' ? '' : trustText(card, mode);
    return text === '' ? [] : [`${mode}: ${text}`];
  });
}
