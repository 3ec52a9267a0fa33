/** What a replayed QEMU is asked and says, and a client of it: steps for tests that write their own, or change a recording. */
import { QmpClient, type QmpConnectOptions } from '../../harness/qmp/index.ts';
import type { ReplayStep } from './replay-server.ts';

export const connect = (
  path: string,
  options: Partial<QmpConnectOptions> = {},
): Promise<QmpClient> =>
  QmpClient.connect({
    path,
    label: 'source',
    connectTimeoutMs: 5000,
    commandTimeoutMs: 5000,
    ...options,
  });

export const ask = (id: unknown, execute: string): ReplayStep => ({
  direction: 'send',
  message: { execute, id },
});
export const reply = (id: unknown, result: unknown): ReplayStep => ({
  direction: 'receive',
  message: { return: result, id },
});
export const refuse = (id: unknown, desc: string): ReplayStep => ({
  direction: 'receive',
  message: { error: { class: 'GenericError', desc }, id },
});
export const event = (name: string, microseconds: number, data?: object): ReplayStep => ({
  direction: 'receive',
  message: {
    event: name,
    ...(data === undefined ? {} : { data }),
    timestamp: { seconds: 1_700_000_000, microseconds },
  },
});
export const bytes = (text: string): ReplayStep => ({ bytes: Buffer.from(text) });
