/** `migbench schema`: the JSON Schemas of what people write and what programs read. */
import type { CommandModule } from 'yargs';
import { printJson } from './output.ts';

const formats = ['plan', 'record'] as const;

interface SchemaArguments {
  readonly format: (typeof formats)[number];
}

async function schemaOf(format: SchemaArguments['format']): Promise<unknown> {
  switch (format) {
    case 'plan':
      return (await import('../plan/schema.ts')).planJsonSchema();
    case 'record':
      return (await import('../record/json-schema.ts')).recordJsonSchema();
  }
}

export const schemaCommand: CommandModule<object, SchemaArguments> = {
  command: 'schema <format>',
  describe: 'Print the JSON Schema of a plan or of a trial record',
  builder: (parser) =>
    parser
      .positional('format', {
        choices: formats,
        demandOption: true,
        describe: 'plan: the YAML of `migbench run`; record: a line of trials.jsonl',
      })
      .example('$0 schema plan > plan.schema.json', 'For an editor that completes plans')
      .example('$0 schema record', 'What one line of RUN/trials.jsonl holds'),
  handler: async ({ format }) => printJson(await schemaOf(format)),
};
