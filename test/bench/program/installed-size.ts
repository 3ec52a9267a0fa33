/** How much disk the production dependencies take, installed anew from the lock file. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, MigbenchError } from '../../../harness/errors.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { hostProgram, run } from '../../../harness/sandbox/process.ts';
import { measurementOf, type Measurement } from '../measurement.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** 60 MB. */
const CLAIMED_BYTES = 60e6;
const INSTALL_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 30_000;

export async function measureInstalledSize(signal: AbortSignal): Promise<Measurement[]> {
  const described = {
    group: 'program',
    name: 'production dependencies on the disk',
    unit: 'bytes',
    claimedBelow: CLAIMED_BYTES,
  } as const;
  await using folder = await temporaryFolder();
  for (const name of ['package.json', 'package-lock.json']) {
    await copyFile(join(packageRoot, name), join(folder.path, name));
  }
  try {
    await run(
      hostProgram('npm'),
      ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'],
      { cwd: folder.path, signal, timeoutMs: INSTALL_TIMEOUT_MS, purpose: 'install packages' },
    );
    const disk = await run(
      hostProgram('du'),
      ['--summarize', '--block-size=1', join(folder.path, 'node_modules')],
      { signal, timeoutMs: TIMEOUT_MS },
    );
    return [measurementOf(described, [Number.parseInt(disk.stdout, 10)])];
  } catch (error) {
    if (!(error instanceof MigbenchError) || error.code === 'interrupted') throw error;
    return [
      { ...described, n: 0, note: `not measured: ${messageOf(error).split('\n', 1)[0] ?? ''}` },
    ];
  }
}
