/** The flags of `migbench regress`. */
import type { Argv } from 'yargs';

export interface RegressArguments {
  readonly base?: string | undefined;
  readonly candidate?: string | undefined;
  readonly pairs?: 'same' | 'cross' | undefined;
  readonly guests?: 'shared' | 'own' | undefined;
  readonly plan?: string | undefined;
  readonly out?: string | undefined;
  readonly resume?: string | undefined;
  readonly only?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly repetitions?: number | undefined;
  readonly threshold?: readonly string[] | undefined;
  readonly 'time-limit'?: string | undefined;
  readonly 'until-precision'?: string | undefined;
  readonly metric?: readonly string[] | undefined;
  readonly 'minimum-change'?: string | undefined;
  readonly 'noise-floor'?: string | undefined;
  readonly format?: readonly string[] | undefined;
  readonly 'dry-run': boolean;
  readonly 'keep-failed': boolean;
  readonly mirror?: string | undefined;
  readonly json: boolean;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

/** A flag that takes one value. */
const value = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;
/** A flag that may be repeated. */
const values = (describe: string) => ({ type: 'string', array: true, nargs: 1, describe }) as const;

export function regressOptions(parser: Argv): Argv<RegressArguments> {
  return parser
    .option('base', value('The QEMU that is trusted: system, debian:SUITE, path:FILE'))
    .option('candidate', value('The QEMU that is judged'))
    .option('pairs', {
      choices: ['same', 'cross'] as const,
      describe: 'cross: also from the base to the candidate, and back (default: same)',
    })
    .option('guests', {
      choices: ['shared', 'own'] as const,
      describe:
        'shared: all begin from guests that the base booted, on a machine type that all know (the default); own: each boots its own',
    })
    .option('plan', value('Plan file (default: plans/regress.yaml); its qemu is replaced'))
    .option('out', value('Run directory (default: runs/<UTC time>-<plan name>)'))
    .option('resume', value('Go on with the run in this directory'))
    .option('only', value('Glob on cell ids'))
    .option('set', values('Override a value of the plan: path=value, dots for nesting'))
    .option('repetitions', {
      type: 'number',
      requiresArg: true,
      describe: 'Repetitions per cell and build, instead of the plan’s',
    })
    .option(
      'threshold',
      values('A limit instead of "nothing regresses", such as "total_time_ms<=+5%"'),
    )
    .option('time-limit', value('Begin no trial after this time; what there is is compared'))
    .option(
      'until-precision',
      value('Add blocks until half of each 95 % interval of a change is within this, such as 3%'),
    )
    .option('metric', values('Only these, by their columns (default: as compare)'))
    .option(
      'minimum-change',
      value('Smaller changes are not called (default: 1%; 10% with --guests own)'),
    )
    .option('noise-floor', value('A run with --aa: changes below what it saw are not called'))
    .option('format', values('Also write the run’s report as: junit, summary, smaller, bmf, …'))
    .option('dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Print the trials in their order and the expected time; run nothing',
    })
    .option('keep-failed', {
      type: 'boolean',
      default: false,
      describe: 'Keep the saved guests, so that a failed trial can be looked into',
    })
    .option('mirror', value('Debian mirror to use instead of the one of this machine'))
    .option('json', { type: 'boolean', default: false, describe: 'Print the comparison as JSON' })
    .example('$0 regress --base debian:bookworm --candidate debian:trixie', 'The standard set')
    .example(
      '$0 regress --base system --candidate path:./build/qemu-system-x86_64 --threshold "total_time_ms<=+5%"',
      'A build of your own, with a limit',
    )
    .example(
      '$0 regress --base debian:trixie --candidate debian:trixie-backports --pairs cross',
      'Upgrades and downgrades too',
    );
}
