/** Progress of a program that only fills a folder: the bytes in it, a few times per second. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const INTERVAL_MS = 250;

async function bytesIn(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += await bytesIn(path);
    else if (entry.isFile()) sum += (await stat(path).catch(() => undefined))?.size ?? 0;
  }
  return sum;
}

/** Report the size of a flat folder and of its `partial` until the end of the scope, then once more. */
export function watchFolder(folder: string, report: (bytes: number) => void): AsyncDisposable {
  let ended = false;
  let pending = Promise.resolve();
  const look = (): void => {
    pending = pending.then(async () => {
      const bytes = await bytesIn(folder);
      if (!ended) report(bytes);
    });
  };
  look();
  const timer = setInterval(look, INTERVAL_MS);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      clearInterval(timer);
      await pending;
      report(await bytesIn(folder));
      ended = true;
    },
  };
}
