/** `migbench doctor`: what this host can do, and what to do about what it cannot. */
import type { CommandModule } from 'yargs';
import type { Finding, Level } from '../doctor/finding.ts';
import { EXIT_CODES } from '../errors.ts';
import { printJson, wrapText } from './output.ts';
import { textWidth } from './text-width.ts';

interface DoctorArguments {
  readonly probe: boolean;
  readonly json: boolean;
  readonly mirror?: string | undefined;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

const COLORS: Readonly<Record<Level, number>> = { ok: 32, warn: 33, bad: 31 };
const LEVEL_WIDTH = 6;
const NAME_WIDTH = 18;

/** One finding as lines: level, name, what was found, and an arrow with what to do. */
export function findingText(finding: Finding, width: number, color: boolean): string {
  const { level, name, found, remedy } = finding;
  const indent = ' '.repeat(LEVEL_WIDTH + NAME_WIDTH);
  const text =
    wrapText(found, width, indent) +
    (remedy === undefined ? '' : wrapText(`→ ${remedy}`, width, indent));
  const mark = color ? `\u001b[${COLORS[level]}m${level}\u001b[0m` : level;
  const head = mark + ' '.repeat(LEVEL_WIDTH - level.length) + name.padEnd(NAME_WIDTH);
  return head + text.slice(indent.length);
}

const verdicts: Readonly<Record<Level, string>> = {
  ok: 'This host can run everything.',
  warn: 'Runs are possible here, with what is said above.',
  bad: 'No run is possible here until what is marked bad is repaired.',
};

async function doctor(args: DoctorArguments): Promise<void> {
  const { examineHost } = await import('../doctor/examine-host.ts');
  const { worstLevel } = await import('../doctor/finding.ts');
  const { Progress } = await import('../progress.ts');
  const { interruptSignal } = await import('./interrupt.ts');
  const progress = new Progress({ quiet: args.quiet === true, verbose: args.verbose === true });
  const findings = await examineHost({
    probe: args.probe,
    signal: interruptSignal(),
    onProgress: ({ phase, detail }) => progress.live(`${phase} ${detail}`),
    ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
  }).finally(() => progress.end());
  const worst = worstLevel(findings);
  if (args.json) {
    printJson({ level: worst, findings });
  } else {
    const color = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
    const lines = findings.map((finding) => findingText(finding, textWidth(), color));
    process.stdout.write(`${lines.join('')}\n${verdicts[worst]}\n`);
  }
  process.exitCode = worst === 'bad' ? EXIT_CODES.hostUnfit : EXIT_CODES.ok;
}

export const doctorCommand: CommandModule<object, DoctorArguments> = {
  command: 'doctor',
  describe: 'What this host can do, and what to do about what it cannot',
  builder: (parser) =>
    parser
      .option('probe', {
        type: 'boolean',
        default: false,
        describe: 'Also fetch what a run fetches, boot a few instructions and try post-copy',
      })
      .option('mirror', {
        type: 'string',
        requiresArg: true,
        describe: 'Debian mirror to use instead of the one this machine is configured for',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 doctor', 'In a few seconds, without network')
      .example('$0 doctor --probe', 'With a real QEMU')
      .example('$0 doctor --json', 'For a program: level is ok, warn or bad'),
  handler: (args) => doctor(args),
};
