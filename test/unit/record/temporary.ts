/** A real temporary folder for one test, removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'migbench-record-'));
  onTestFinished(async () => {
    await rm(path, { recursive: true, force: true });
  });
  return path;
}
