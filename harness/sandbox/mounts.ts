/** The sandbox's own mounts, made by the measuring process in its private mount namespace. */
import { hostProgram, run } from './process.ts';

const MOUNT_TIMEOUT_MS = 10_000;

/**
 * Mount an empty file system at `folder` for sockets and namespaces, and the /proc of this PID namespace.
 *
 * @throws MigbenchError `host-unfit` with mount's own words.
 */
export async function mountScratch(folder: string): Promise<void> {
  const options = {
    timeoutMs: MOUNT_TIMEOUT_MS,
    errorCode: 'host-unfit',
    purpose: 'set up the sandbox',
  } as const;
  await run(hostProgram('mount'), ['-t', 'tmpfs', '-o', 'mode=0700', 'migbench', folder], options);
  await run(hostProgram('mount'), ['-t', 'proc', 'proc', '/proc'], options);
}
