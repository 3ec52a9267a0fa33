/** What builds have, from the schemas they gave. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  commandArguments,
  describeBuild,
  mismatch,
  type SchemaInfo,
} from '../../../harness/qmp/index.ts';

function schemaOf(build: string): SchemaInfo[] {
  const file = new URL(`../../fixtures/qmp/${build}/schema.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as SchemaInfo[];
}

const COMMON = { nullable: false, optional: true, unstable: false, deprecated: false };

describe('describeBuild', () => {
  test('5.2', () => {
    const build = describeBuild(schemaOf('5.2'));
    expect(build.commands).toHaveLength(192);
    expect(build.events).toHaveLength(48);
    expect(build.capabilities).toEqual([
      'xbzrle',
      'rdma-pin-all',
      'auto-converge',
      'zero-blocks',
      'compress',
      'events',
      'postcopy-ram',
      'x-colo',
      'release-ram',
      'block',
      'return-path',
      'pause-before-switchover',
      'multifd',
      'dirty-bitmaps',
      'postcopy-blocktime',
      'late-block-activate',
      'x-ignore-shared',
      'validate-uuid',
    ]);
    expect(build.parameters['multifd-compression']).toEqual({
      ...COMMON,
      kind: 'enum',
      values: ['none', 'zlib'],
    });
    expect(build.parameters['compress-wait-thread']).toEqual({ ...COMMON, kind: 'boolean' });
    expect(build.parameters['tls-creds']).toEqual({ ...COMMON, kind: 'string', nullable: true });
    expect(build.parameters['block-bitmap-mapping']).toEqual({ ...COMMON, kind: 'list' });
    expect(build.parameters['mode']).toBeUndefined();
    expect(Object.keys(build.migrateIncomingArguments)).toEqual(['uri']);
    expect(build.migrationFields).toContain('compression');
  });

  test('7.2 has enums in both forms', () => {
    const build = describeBuild(schemaOf('7.2'));
    expect(build.parameters['multifd-compression']?.values).toEqual(['none', 'zlib', 'zstd']);
    expect(build.capabilities.slice(-3)).toEqual([
      'background-snapshot',
      'zero-copy-send',
      'postcopy-preempt',
    ]);
    expect(build.migrationStatuses).not.toContain('postcopy-recover-setup');
  });

  test('10.0', () => {
    const build = describeBuild(schemaOf('10.0'));
    expect(build.parameters['max-bandwidth']).toEqual({ ...COMMON, kind: 'integer' });
    expect(build.parameters['x-vcpu-dirty-limit-period']).toEqual({
      ...COMMON,
      kind: 'integer',
      unstable: true,
    });
    expect(build.parameters['zero-page-detection']?.values).toEqual(['none', 'legacy', 'multifd']);
    expect(build.migrateIncomingArguments['exit-on-error']).toEqual({ ...COMMON, kind: 'boolean' });
  });

  test('11.1', () => {
    const build = describeBuild(schemaOf('11.1'));
    expect(build.commands).toHaveLength(242);
    expect(build.capabilities).not.toContain('zero-blocks');
    expect(build.migrationStatuses).toContain('postcopy-device');
    expect(build.migrationStatuses).toContain('failing');
    expect(build.migrationFields).toContain('remaining');
    expect(build.parameters['mode']?.values).toEqual([
      'normal',
      'cpr-reboot',
      'cpr-transfer',
      'cpr-exec',
    ]);
    expect(build.parameters['cpr-exec-command']).toEqual({ ...COMMON, kind: 'list' });
  });

  test('a schema without any of it is empty, not an error', () => {
    expect(describeBuild([])).toEqual({
      commands: [],
      events: [],
      capabilities: [],
      parameters: {},
      migrationStatuses: [],
      migrationFields: [],
      migrateIncomingArguments: {},
    });
  });
});

test('commandArguments tells a missing command from one without arguments', () => {
  const schema = schemaOf('5.2');
  expect(commandArguments(schema, 'query-status')).toEqual({});
  expect(commandArguments(schema, 'calc-dirty-rate')?.['calc-time']).toEqual({
    ...COMMON,
    kind: 'integer',
    optional: false,
  });
  expect(commandArguments(schema, 'query-vcpu-dirty-limit')).toBeUndefined();
});

test('mismatch says why a build would refuse a value', () => {
  const { parameters } = describeBuild(schemaOf('10.0'));
  const check = (name: string, value: unknown): string | undefined => {
    const type = parameters[name];
    return type === undefined ? 'missing' : mismatch(type, value);
  };
  expect(check('max-bandwidth', 5)).toBeUndefined();
  expect(check('max-bandwidth', '5')).toBe('must be an integer');
  expect(check('max-bandwidth', null)).toBe('may not be null');
  expect(check('tls-creds', null)).toBeUndefined();
  expect(check('tls-creds', 1)).toBe('must be text');
  expect(check('direct-io', 'yes')).toBe('must be true or false');
  expect(check('multifd-compression', 'zstd')).toBeUndefined();
  expect(check('multifd-compression', 'lz4')).toBe('must be one of none, zlib, zstd');
});
