/** How an error looks on standard error: one message for what the user can act on, a stack for a defect of ours. */
import { explainFullDisk, MigbenchError, messageOf } from './errors.ts';

export function reportError(uncaught: unknown, verbose: boolean): void {
  const error = explainFullDisk(uncaught);
  const deliberate = error instanceof MigbenchError && error.code !== 'internal';
  if (deliberate) {
    process.stderr.write(`migbench: ${error.message}\n`);
  } else {
    process.stderr.write(
      `migbench: internal error: ${messageOf(error)}\n` +
        'This is a defect of migbench; what was recorded so far is kept. Please report it with the lines below.\n',
    );
  }
  if (!deliberate || verbose) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      process.stderr.write(`${at.stack ?? at.message}\n`);
    }
  }
}
