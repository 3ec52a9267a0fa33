/** `npm run --silent capabilities -- RUN…`: docs/capabilities.md from run directories, on standard output. */
import { EXIT_CODES, exitCodeOf } from '../errors.ts';
import { checkRules, settingRules } from '../plan/rules.ts';
import { readRun } from '../record/reader.ts';
import { reportError } from '../report-error.ts';
import { capabilitiesPage } from '../../reports/capability-table/page.ts';

/** Why migbench runs no trial over tcp with a capability alone, from the rules; those without a reason are left out. */
export function capabilityReasons(capabilities: Iterable<string>): Map<string, string> {
  const lasting = settingRules.filter(({ before }) => before === undefined);
  return new Map(
    [...capabilities].flatMap((name) => {
      const subject = {
        accelerator: 'auto',
        transport: 'tcp',
        capabilities: { [name]: true },
        parameters: {},
      } as const;
      const [violation] = checkRules(subject, lasting);
      return violation === undefined ? [] : [[name, violation.reason] as const];
    }),
  );
}

async function main(directories: readonly string[]): Promise<void> {
  if (directories.length === 0) {
    process.stderr.write('Usage: npm run --silent capabilities -- RUN… > docs/capabilities.md\n');
    process.exitCode = EXIT_CODES.usage;
    return;
  }
  const runs = await Promise.all(directories.map(readRun));
  const names = runs.flatMap(({ records }) =>
    records.flatMap(({ effective }) => Object.keys(effective?.source.capabilities ?? {})),
  );
  process.stdout.write(capabilitiesPage(runs, capabilityReasons(new Set(names))));
}

if (process.argv[1]?.endsWith('capabilities-table.js') === true) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    reportError(error, false);
    process.exitCode = exitCodeOf(error);
  });
}
