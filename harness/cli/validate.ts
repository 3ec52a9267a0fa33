/** `migbench validate`: predict, then migrate for real, and say how far off the predictions were. */
import { dirname, join } from 'node:path';
import type { CommandModule } from 'yargs';
import { packageRoot } from '../paths.ts';
import { interruptSignal } from './interrupt.ts';
import { printJson, printWarnings, tableText } from './output.ts';
import { duration } from './quantities.ts';

interface ValidateArguments {
  readonly plan?: string | undefined;
  readonly out?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly cards?: string | undefined;
  readonly run?: string | undefined;
  readonly calibration?: string | undefined;
  readonly 'time-limit'?: string | undefined;
  readonly mirror?: string | undefined;
  readonly json: boolean;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

async function validate(args: ValidateArguments): Promise<void> {
  const { loadPlanFile } = await import('./load-plan-file.ts');
  const { calibrationOverrides } = await import('./calibration-overrides.ts');
  const shipped = (name: string) => join(packageRoot, 'plans', name);
  const overrides = args.set ?? [];
  const timeLimitMs = duration('time-limit', args['time-limit']);
  const file = args.plan ?? shipped('validate.yaml');
  const plan = await loadPlanFile({ file, overrides });
  const calibrationPlan = await loadPlanFile({
    file: shipped('calibrate.yaml'),
    overrides: calibrationOverrides(plan.text, overrides),
    directory: dirname(file),
  });
  const { validatePlan } = await import('../validate-pipeline.ts');
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/gu, '');
  const directory = args.out ?? join('validations', `${stamp}Z`);
  const {
    validation,
    exitCode,
    warnings = [],
  } = await validatePlan({
    ...{ plan, calibrationPlan, directory },
    ...(args.cards === undefined ? {} : { cards: args.cards }),
    ...(args.run === undefined ? {} : { run: args.run }),
    ...(args.calibration === undefined ? {} : { calibration: args.calibration }),
    ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    output: { quiet: args.quiet === true, verbose: args.verbose === true },
    signal: interruptSignal(),
  });
  process.exitCode = exitCode;
  await printWarnings(warnings, args.quiet);
  if (validation === undefined) return;
  if (args.json) return printJson({ directory, ...validation, warnings });
  const { ERROR_HEADS, errorRows } = await import('../../reports/card/validation.ts');
  const { confusionOf } = await import('../characterize/validation.ts');
  const calls = Object.entries(confusionOf(validation.trials)).map(([call, [completed, not]]) => [
    ...[call, String(completed), String(not)],
  ]);
  const out = Object.entries(validation.leftOut).map(([why, count]) => `${count} ${why}`);
  process.stdout.write(
    [
      'Median of |error|, in brackets the 90th percentile:',
      await tableText(
        ERROR_HEADS.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' })),
        errorRows(validation.trials),
      ),
      'Convergence within the deadline:',
      await tableText(
        ['predicted', 'completed', 'not converged'].map((title) => ({ title })),
        calls,
      ),
      ...(out.length === 0 ? [] : [`Left out: ${out.join('; ')}.\n`]),
      `Validation: ${join(directory, 'validation.md')}\n`,
    ].join('\n'),
  );
}

export const validateCommand: CommandModule<object, ValidateArguments> = {
  command: 'validate [plan]',
  describe: 'Predict migrations, do them, and say how far off the predictions were',
  builder: (parser) =>
    parser
      .positional('plan', {
        type: 'string',
        describe: 'What to migrate (default: plans/validate.yaml)',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Directory; one that is there is gone on with (default: validations/<UTC time>)',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Override a value of the plan: path=value, dots for nesting',
      })
      .option('cards', {
        type: 'string',
        requiresArg: true,
        describe: 'Cards that are there already, instead of characterizing',
      })
      .option('run', {
        type: 'string',
        requiresArg: true,
        describe: 'A run that is there already, instead of migrating',
      })
      .option('calibration', {
        type: 'string',
        requiresArg: true,
        describe: 'A run of plans/calibrate.yaml that is there already',
      })
      .option('time-limit', {
        type: 'string',
        requiresArg: true,
        describe: 'Begin no trial after this time in each run; go on later with the same --out',
      })
      .option('mirror', {
        type: 'string',
        requiresArg: true,
        describe: 'Debian mirror to use instead of the one this machine is configured for',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 validate', 'Three workloads, four links, three limits: about 20 minutes')
      .example('$0 validate --set qemu=[debian:bookworm]', 'With another QEMU')
      .example('$0 validate --cards DIR --run RUN --calibration RUN', 'Compare only'),
  handler: (args) => validate(args),
};
