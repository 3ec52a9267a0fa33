/** What a program needs so that it ends in good order after its terminal is gone: an SSH session that broke off. */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Lose what is said on standard error to nobody, and nothing else. To be called once, at the start.
 *
 * At its end Node sets terminals back to how it found them, and aborts where one is gone: such a one is closed before.
 */
export function outliveTerminal(): void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.stderr.on('error', () => undefined);
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  });
}
