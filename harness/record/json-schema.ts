/** The record's JSON Schema (draft 2020-12), generated from the zod schema; `record.schema.json` is its copy. */
import { z } from 'zod';
import { trialRecordSchema } from './schema.ts';

/** JSON Schema of one line of RUN/trials.jsonl. Unknown fields are allowed: later versions add some. */
export function recordJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(trialRecordSchema, { io: 'input' }),
    title: 'migbench trial record',
    description: 'One line of trials.jsonl. An absent field is unknown or not applicable, never 0.',
  };
}
