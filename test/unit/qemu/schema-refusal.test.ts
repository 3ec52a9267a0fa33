/** What builds refuse by their own schemas: those of four QEMUs, and of one that is newer than all of them. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { load, SMALL } from '../plan/fixtures.ts';
import { schemaRefusal, type SettingsSchema } from '../../../harness/qemu/schema-refusal.ts';
import { describeBuild, type SchemaInfo } from '../../../harness/qmp/index.ts';

function recordedSchema(version: string): SchemaInfo[] {
  const file = new URL(`../../fixtures/qmp/${version}/schema.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as SchemaInfo[];
}

function settingsOf(schema: readonly SchemaInfo[]): SettingsSchema {
  const { capabilities, parameters } = describeBuild(schema);
  return { capabilities, parameterTypes: parameters };
}

/**
 * The schema of 11.1 with what a later one might have: a capability, an integer and a text parameter, and one more
 * choice of an enum; found by following references, as its types have numbers for names.
 */
function laterSchema(): SchemaInfo[] {
  const schema = recordedSchema('11.1');
  const entity = (name: string | undefined) => schema.find((candidate) => candidate.name === name);
  const typeOf = (name: string | undefined, member: string) =>
    entity(name)?.members?.find((candidate) => candidate.name === member)?.type;
  const add = (name: string | undefined, ...members: { name: string; type?: string }[]) => {
    const found = entity(name);
    if (found === undefined) throw new Error(`No ${name} in the schema.`);
    schema[schema.indexOf(found)] = {
      ...found,
      members: [...(found.members ?? []), ...members],
      ...(found.values === undefined
        ? {}
        : { values: [...found.values, ...members.map((member) => member.name)] }),
    };
  };
  const capabilitiesType = typeOf(entity('migrate-set-capabilities')?.['arg-type'], 'capabilities');
  const capability = typeOf(entity(capabilitiesType)?.['element-type'], 'capability');
  const parameters = entity('migrate-set-parameters')?.['arg-type'];
  const optional = { default: null };
  add(capability, { name: 'warp-drive' });
  add(typeOf(parameters, 'multifd-compression'), { name: 'brotli' });
  add(
    parameters,
    { name: 'warp-factor', type: 'int', ...optional },
    { name: 'warp-destination', type: 'str', ...optional },
  );
  return schema;
}

const builds: Readonly<Record<string, SettingsSchema>> = {
  ...Object.fromEntries(
    ['5.2', '7.2', '10.0', '11.1'].map((version) => [version, settingsOf(recordedSchema(version))]),
  ),
  later: settingsOf(laterSchema()),
};

type Written = Parameters<typeof schemaRefusal>[0];
const refusals = (spec: Partial<Written>) =>
  Object.fromEntries(
    Object.entries(builds).map(([version, schema]) => [
      version,
      schemaRefusal({ capabilities: {}, parameters: {}, ...spec }, schema, 'it')?.reason ?? 'taken',
    ]),
  );

describe('the same plan on every build', () => {
  const everywhere = (word: string) => ({
    ...{ '5.2': word, '7.2': word, '10.0': word, '11.1': word, later: word },
  });
  test.each<[Partial<Written>, Record<string, string>]>([
    [{}, everywhere('taken')],
    [{ capabilities: { 'auto-converge': true } }, everywhere('taken')],
    [{ parameters: { 'max-bandwidth': 'unlimited', 'downtime-limit': 300 } }, everywhere('taken')],
    [{ parameters: { 'cpu-throttle-tailslow': true } }, everywhere('taken')],
    [
      { capabilities: { compress: true } },
      { ...everywhere('capability-missing'), '5.2': 'taken', '7.2': 'taken' },
    ],
    [
      { capabilities: { 'dirty-limit': true } },
      { ...everywhere('taken'), '5.2': 'capability-missing', '7.2': 'capability-missing' },
    ],
    // Off needs no support.
    [{ capabilities: { 'dirty-limit': false, 'warp-drive': false } }, everywhere('taken')],
    [
      { parameters: { 'zero-page-detection': 'multifd' } },
      { ...everywhere('taken'), '5.2': 'parameter-missing', '7.2': 'parameter-missing' },
    ],
    [
      { parameters: { 'multifd-compression': 'zstd' } },
      { ...everywhere('taken'), '5.2': 'parameter-refused' },
    ],
    [{ parameters: { 'multifd-compression': 'lz4' } }, everywhere('parameter-refused')],
    [
      { parameters: { 'multifd-compression': 'brotli' } },
      { ...everywhere('parameter-refused'), later: 'taken' },
    ],
    [
      { capabilities: { 'warp-drive': true } },
      { ...everywhere('capability-missing'), later: 'taken' },
    ],
    [
      { parameters: { 'warp-factor': 9, 'warp-destination': 'vulcan' } },
      { ...everywhere('parameter-missing'), later: 'taken' },
    ],
    [
      { parameters: { 'warp-factor': 'fast' } },
      { ...everywhere('parameter-missing'), later: 'parameter-refused' },
    ],
  ])('%j', (spec, expected) => {
    expect(refusals(spec)).toEqual(expected);
  });
});

describe('says what the build has instead', () => {
  const detail = (version: string, spec: Partial<Written>) =>
    schemaRefusal(
      { capabilities: {}, parameters: {}, ...spec },
      builds[version] ?? { capabilities: [], parameterTypes: {} },
      `debian:x (QEMU ${version})`,
    )?.detail;

  test.each<[string, Partial<Written>, string]>([
    [
      '5.2',
      { parameters: { 'multifd-compression': 'zstd' } },
      'debian:x (QEMU 5.2): the migration parameter multifd-compression must be one of none, zlib; found "zstd".',
    ],
    [
      '11.1',
      { capabilities: { 'switchover-ak': true } },
      'debian:x (QEMU 11.1) has no migration capability "switchover-ak" (did you mean "switchover-ack"?).',
    ],
    [
      '7.2',
      { parameters: { 'direct-io': true } },
      'debian:x (QEMU 7.2) has no migration parameter "direct-io".',
    ],
    [
      'later',
      { parameters: { 'warp-factor': 'fast' } },
      'debian:x (QEMU later): the migration parameter warp-factor must be an integer; found "fast".',
    ],
  ])('%s %j', (version, spec, expected) => {
    expect(detail(version, spec)).toBe(expected);
  });
});

test('a plan for a QEMU that is newer than all: units are read, a slip is warned of', async () => {
  const { plan, warnings } = await load(
    SMALL.replace(
      '{ precopy: {} }',
      '{ a: { capabilities: { warp-drive: true, multifdd: false }, parameters: { warp-rate: 20MiB/s, warp-time: 2s, warp-name: x } } }',
    ),
  );
  const [cell] = plan.cells;
  expect(cell?.spec.capabilities).toEqual({ 'warp-drive': true, multifdd: false });
  expect(cell?.spec.parameters).toEqual({
    ...{ 'warp-rate': 20 * 2 ** 20, 'warp-time': 2000, 'warp-name': 'x' },
  });
  expect(warnings).toHaveLength(5);
  expect(warnings[1]).toContain(
    'no QEMU from 5.2 to 11.1 has a migration capability "multifdd"; the builds of the plan will be asked; did you mean "multifd"?',
  );
});
