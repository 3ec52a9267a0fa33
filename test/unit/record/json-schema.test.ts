/** The checked-in JSON Schema is the one that the zod schema gives; `vitest run --update` rewrites it. */
import { join } from 'node:path';
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { recordJsonSchema } from '../../../harness/record/json-schema.ts';

test('record.schema.json is current', async () => {
  const path = join(packageRoot, 'harness/record/record.schema.json');
  const text = await format(JSON.stringify(recordJsonSchema()), {
    parser: 'json',
    printWidth: 100,
    filepath: path,
  });
  await expect(text).toMatchFileSnapshot(path);
});
