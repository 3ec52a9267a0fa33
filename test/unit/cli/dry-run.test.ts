/** What `--dry-run` says is still to be run. */
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { printDryRun } from '../../../harness/cli/dry-run.ts';
import { planBlock } from '../../../harness/plan/order.ts';
import { RunWriter } from '../../../harness/record/writer.ts';
import { load, SMALL } from '../plan/fixtures.ts';
import { exampleEnvironment, exampleRecord } from '../record/examples.ts';
import { temporaryFolder } from '../record/temporary.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('trials of added blocks that are to be run again are listed', async () => {
  const loaded = await load(`${SMALL}repetitions: 2\n`);
  const { plan } = loaded;
  const resume = join(await temporaryFolder(), 'run');
  const blocks = [0, 1, 2].flatMap((block) => planBlock(plan, block));
  const failed = blocks.at(-1)!;
  {
    const environment = exampleEnvironment({ untilPrecision: 0.05 });
    await using writer = await RunWriter.create(resume, { planText: '', plan, environment });
    for (const { id } of blocks) {
      const outcome =
        id === failed.id
          ? ({ kind: 'failed', reason: 'setup-error', detail: '' } as const)
          : ({ kind: 'completed' } as const);
      await writer.append(exampleRecord({ trialId: id, outcome }));
    }
  }
  const printed: string[] = [];
  const keep = (text: unknown) => printed.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  await printDryRun(loaded, { resume });
  expect(printed).toEqual([]);
  await printDryRun(loaded, { resume, retry: ['failed'] });
  expect(printed).toEqual([`${failed.id} ${failed.cell.id}\n`]);
});
