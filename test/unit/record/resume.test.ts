/** What a run to be resumed holds already. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunWriter } from '../../../harness/record/writer.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from './examples.ts';
import { temporaryFolder } from './temporary.ts';

test('what guests ran under, by source QEMU, in the records that count', async () => {
  const directory = join(await temporaryFolder(), 'run');
  const { accelerator: _, ...skipped } = exampleRecord({ trialId: 'c' });
  const other = { reference: 'path:/q', version: '10.0.13', package: '' };
  {
    await using writer = await RunWriter.create(directory, {
      ...{ planText: 'name: example\n', plan: examplePlan, environment: exampleEnvironment() },
    });
    await writer.append(exampleRecord({ trialId: 'a', accelerator: 'tcg' }));
    await writer.append(exampleRecord({ trialId: 'a', accelerator: 'kvm' }));
    await writer.append(
      exampleRecord({
        ...{ trialId: 'b', accelerator: 'tcg' },
        qemu: { source: other, destination: skipped.qemu.source },
      }),
    );
    await writer.append({
      ...skipped,
      outcome: { kind: 'skipped', reason: 'not-supported', detail: '' },
    });
    await writer.append(
      exampleRecord({
        ...{ trialId: 'd', accelerator: 'tcg' },
        outcome: { kind: 'invalid', reason: 'workload-not-running', detail: '' },
      }),
    );
  }
  const { writer, state } = await RunWriter.resume(directory, examplePlan);
  await writer[Symbol.asyncDispose]();
  expect([...state.measuredUnder]).toEqual([
    ['system', new Set(['kvm'])],
    ['path:/q', new Set(['tcg'])],
  ]);
});
