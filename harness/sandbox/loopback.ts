/**
 * The sandbox of a host that forbids namespaces: both QEMUs are plain processes on the loopback interface. There is
 * no link to shape (its rate becomes a max-bandwidth, see migration/settings.ts) and no service network.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import type { Host, HostRole, Sandbox } from './host.ts';
import { RunningProcess } from './running.ts';

/** @param scratch an empty folder with a short path, removed with the sandbox. */
export function createLoopbackSandbox(scratch: string): Sandbox {
  const processes = new Set<RunningProcess>();
  const start: Host['start'] = (program, args, options) => {
    const withParent = {
      file: 'setpriv',
      args: ['--pdeathsig', 'KILL', program.file, ...program.args],
      ...(program.env === undefined ? {} : { env: program.env }),
    };
    const process = RunningProcess.start(withParent, args, options);
    processes.add(process);
    void process.exited.then(() => processes.delete(process));
    return process;
  };
  const host = (role: HostRole): Host => ({
    role,
    migrationAddress: '127.0.0.1',
    guestNetwork: { kind: 'user' },
    socketPath: (name) => join(scratch, `${role}-${name}`),
    start,
  });
  return {
    mode: 'loopback',
    source: host('source'),
    destination: host('destination'),
    clientAddress: '127.0.0.1',
    guestAddressing: {
      address: '10.0.2.15/24',
      gateway: '10.0.2.2',
      collectorHost: '10.0.2.2',
    },
    scratch,
    startClient: start,
    shapeLink: () => Promise.resolve(),
    setLink: () =>
      Promise.reject(new MigbenchError('host-unfit', 'In loopback mode there is no link to cut.')),
    startStream: () =>
      Promise.reject(
        new MigbenchError('host-unfit', 'In loopback mode there is no link to share.'),
      ),
    readLinkCounters: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...processes].map((process) => process[Symbol.asyncDispose]()));
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
