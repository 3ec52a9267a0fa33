/** `migbench predict`: what a migration would do, from a workload card alone. */
import type { CommandModule } from 'yargs';
import type { SettingName } from '../characterize/conditions.ts';
import { MigbenchError } from '../errors.ts';
import { printJson, printWarnings } from './output.ts';

interface PredictArguments {
  readonly card: string;
  readonly bandwidth: string;
  readonly 'downtime-limit': string;
  readonly setting?: readonly string[] | undefined;
  readonly 'max-bandwidth'?: string | undefined;
  readonly channels?: number | undefined;
  readonly passes?: number | undefined;
  readonly calibration?: string | undefined;
  readonly qemu?: string | undefined;
  readonly accelerator?: string | undefined;
  readonly json: boolean;
  readonly quiet?: unknown;
}

/** @throws MigbenchError `usage` where the text is no quantity of this kind, or zero. */
export async function quantity(
  flag: string,
  text: string,
  dimension: 'bits-per-second' | 'bytes-per-second' | 'duration',
): Promise<number | 'unlimited'> {
  const { parseLimit, parseQuantity } = await import('../units.ts');
  const parsed =
    dimension === 'duration' ? parseQuantity(text, dimension) : parseLimit(text, dimension);
  if (parsed.ok && parsed.value !== 0) return parsed.value;
  if (/^0+(?:\.0+)?(?:[^\d.]|$)/u.test(text.trim())) {
    const what =
      dimension === 'duration'
        ? 'no migration is without downtime'
        : 'nothing moves at a rate of zero';
    throw new MigbenchError('usage', `${flag}: "${text}": ${what}; expected more than zero.`);
  }
  const reason = parsed.ok ? 'expected more than zero' : parsed.reason;
  const better = parsed.ok || parsed.suggestion === undefined ? '' : `: write ${parsed.suggestion}`;
  throw new MigbenchError('usage', `${flag}: "${text}": ${reason}${better}`);
}

function count(flag: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return value;
  throw new MigbenchError('usage', `${flag}: expected a whole number from 1, found ${value}.`);
}

async function settingsOf(words: readonly string[] | undefined) {
  const { settingNames } = await import('../characterize/conditions.ts');
  if (words === undefined) return settingNames;
  return words
    .flatMap((word) => word.split(','))
    .map((word) => {
      const known = settingNames.find((name) => name === word.trim());
      if (known !== undefined) return known;
      throw new MigbenchError(
        'usage',
        `--setting: expected some of ${settingNames.join(', ')}, found "${word}".`,
      );
    });
}

async function predictCard(args: PredictArguments): Promise<void> {
  const [{ readCard }, { predict }, { workloadOf }, { costsFor }] = await Promise.all([
    import('../characterize/card.ts'),
    import('../characterize/predict.ts'),
    import('../characterize/recommend.ts'),
    import('../characterize/calibration.ts'),
  ]);
  const bandwidthBitsPerSecond = await quantity('--bandwidth', args.bandwidth, 'bits-per-second');
  const limit = await quantity('--downtime-limit', args['downtime-limit'], 'duration');
  const cap = args['max-bandwidth'];
  const channels = count('--channels', args.channels);
  const passes = count('--passes', args.passes);
  const settings = await settingsOf(args.setting);
  const card = await readCard(args.card);
  const { costs, warnings: foreignCosts } = await costsFor(card, args.calibration);
  const maximum =
    cap === undefined
      ? {}
      : { maxBandwidthBytesPerSecond: await quantity('--max-bandwidth', cap, 'bytes-per-second') };
  const predictionOf = (setting: SettingName) =>
    predict(
      workloadOf(card),
      {
        ...{ setting, bandwidthBitsPerSecond, ...maximum },
        downtimeLimitMs: Number(limit),
        ...(channels === undefined ? {} : { channels }),
        ...(passes === undefined ? {} : { leaveAfter: { passes } }),
      },
      costs,
    );
  const predictions = settings.map(predictionOf);
  const warnings = predictionWarnings(card, args, foreignCosts);
  if (args.json) return printJson({ card: args.card, predictions, warnings });
  await printWarnings(warnings, args.quiet);
  const { predictionText } = await import('../../reports/card/index.ts');
  process.stdout.write(await predictionText(card, predictions, predictionOf('precopy')));
}

/** What the card says against itself, and where it was made under something else than what it is asked about. */
export function predictionWarnings(
  card: ForeignCard & { readonly warnings: readonly string[] },
  args: Pick<PredictArguments, 'qemu' | 'accelerator'>,
  foreignCosts: readonly string[],
): string[] {
  const own = card.warnings.map((warning) => `The card: ${warning}`);
  return [...own, ...foreignTo(card, args), ...foreignCosts];
}

interface ForeignCard {
  readonly accelerator: string;
  readonly qemu: { readonly reference: string; readonly version: string };
}

function foreignTo(
  card: ForeignCard,
  args: Pick<PredictArguments, 'qemu' | 'accelerator'>,
): string[] {
  const { qemu, accelerator } = args;
  return [
    ...(accelerator === undefined || accelerator === card.accelerator
      ? []
      : [
          `The card was measured under ${card.accelerator}, not ${accelerator}: its rates, and so the prediction, are not those of ${accelerator}.`,
        ]),
    ...(qemu === undefined || [card.qemu.reference, card.qemu.version].includes(qemu)
      ? []
      : [
          `The card was measured with ${card.qemu.reference} (QEMU ${card.qemu.version}), not with ${qemu}: guests may run at another speed there.`,
        ]),
  ];
}

export const predictCommand: CommandModule<object, PredictArguments> = {
  command: 'predict <card>',
  describe: 'Predict migrations from a workload card: time, bytes, downtime, convergence',
  builder: (parser) =>
    parser
      .positional('card', {
        type: 'string',
        demandOption: true,
        describe: 'A card, or the directory that characterize wrote',
      })
      .option('bandwidth', {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Of the migration link, such as 1Gbit/s',
      })
      .option('downtime-limit', {
        type: 'string',
        default: '300ms',
        requiresArg: true,
        describe: 'QEMU’s downtime-limit',
      })
      .option('setting', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Only these: precopy, auto-converge, multifd, multifd-zlib, xbzrle, postcopy',
      })
      .option('max-bandwidth', {
        type: 'string',
        requiresArg: true,
        describe: 'QEMU’s max-bandwidth, such as 128MiB/s (default: unlimited)',
      })
      .option('channels', { type: 'number', requiresArg: true, describe: 'multifd channels' })
      .option('passes', {
        type: 'number',
        requiresArg: true,
        describe: 'Post-copy: passes of pre-copy before it (default: 1)',
      })
      .option('calibration', {
        type: 'string',
        requiresArg: true,
        describe:
          'What the hosts cost, as validate measured it: calibration.json, or its directory',
      })
      .option('qemu', {
        type: 'string',
        requiresArg: true,
        describe: 'The QEMU that will migrate: a warning where the card is of another',
      })
      .option('accelerator', {
        type: 'string',
        choices: ['kvm', 'tcg'],
        describe: 'What the guest will run under: a warning where the card is of another',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 predict cards/database --bandwidth 1Gbit/s', 'All settings side by side')
      .example(
        '$0 predict cards/database --bandwidth 200Mbit/s --downtime-limit 100ms --setting precopy',
        'One',
      ),
  handler: (args) => predictCard(args),
};
