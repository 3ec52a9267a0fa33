/** What is set on a QEMU: everything it knows, both ways. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { qmpParameters } from '../../../harness/migration/apply-settings.ts';
import { postcopyRateWarnings } from '../../../harness/migration/rate-warnings.ts';
import { missingSettings, settingsFor } from '../../../harness/migration/settings.ts';
import type { CellSpec, TlsShape } from '../../../harness/plan/types.ts';
import { cellSpec } from './fixtures.ts';

const known = {
  capabilities: ['xbzrle', 'auto-converge', 'events', 'return-path', 'multifd', 'postcopy-ram'],
  parameters: ['max-bandwidth', 'downtime-limit', 'multifd-channels'],
};

test('every capability is set, true or false; the harness’s own are on', () => {
  const spec = cellSpec({
    capabilities: { multifd: true, 'auto-converge': false },
    parameters: { 'multifd-channels': 4 },
  });
  expect(settingsFor(spec, known, 'namespaces')).toEqual({
    capabilities: {
      xbzrle: false,
      'auto-converge': false,
      events: true,
      'return-path': true,
      multifd: true,
      'postcopy-ram': false,
    },
    parameters: { 'multifd-channels': 4 },
  });
});

test('a plan may turn off what the harness would turn on; a build without it is not told of it', () => {
  const spec = cellSpec({ capabilities: { 'return-path': false } });
  const { capabilities } = settingsFor(spec, known, 'namespaces');
  expect(capabilities).toMatchObject({ 'return-path': false, events: true });
  expect(capabilities).not.toHaveProperty('postcopy-blocktime');
  expect(settingsFor(spec, { capabilities: [], parameters: [] }, 'namespaces')).toEqual({
    capabilities: {},
    parameters: {},
  });
});

test('a mirrored disk needs a stop before the switchover; nothing comes back through a pipe', () => {
  const all = {
    ...known,
    capabilities: [...known.capabilities, 'pause-before-switchover', 'postcopy-blocktime'],
  };
  const plain = cellSpec();
  const own = (spec: CellSpec) => settingsFor(spec, all, 'namespaces').capabilities;
  expect(own(plain)).toMatchObject({ 'pause-before-switchover': false, 'return-path': true });
  expect(own({ ...plain, guest: { ...plain.guest, storage: 'mirror' } })).toMatchObject({
    'pause-before-switchover': true,
  });
  expect(own({ ...plain, transport: 'exec' })).toMatchObject({
    ...{ events: true, 'return-path': false, 'postcopy-blocktime': false },
  });
});

test('exactly the known capabilities are set, whatever the plan says', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string()),
      fc.dictionary(fc.string(), fc.boolean()),
      (capabilities, asked) => {
        const settings = settingsFor(
          cellSpec({ capabilities: asked }),
          { capabilities, parameters: [] },
          'namespaces',
        );
        expect(Object.keys(settings.capabilities).sort()).toEqual(capabilities.toSorted());
      },
    ),
  );
});

describe('loopback: the link becomes a max-bandwidth where that is lower', () => {
  const maxBandwidth = (
    link: number | 'unlimited',
    limit: number | 'unlimited' | undefined,
    mode: 'namespaces' | 'loopback' = 'loopback',
  ) =>
    settingsFor(
      cellSpec({
        link: { bandwidthBitsPerSecond: link },
        parameters: limit === undefined ? {} : { 'max-bandwidth': limit },
      }),
      known,
      mode,
    ).parameters['max-bandwidth'];

  test.each([
    [200e6, undefined, 25_000_000],
    [200e6, 'unlimited', 25_000_000],
    [200e6, 1_000_000, 1_000_000],
    [200e6, 30_000_000, 25_000_000],
    ['unlimited', 1_000_000, 1_000_000],
    ['unlimited', 'unlimited', 'unlimited'],
    ['unlimited', undefined, undefined],
  ] as const)('link %s, max-bandwidth %s: %s', (link, limit, expected) => {
    expect(maxBandwidth(link, limit)).toBe(expected);
  });

  test('never in namespaces, where the link itself is shaped', () => {
    expect(maxBandwidth(200e6, 'unlimited', 'namespaces')).toBe('unlimited');
    expect(maxBandwidth(200e6, undefined, 'namespaces')).toBeUndefined();
  });
});

describe('loopback: max-bandwidth does not govern post-copy; its own limit is the link’s rate too', () => {
  const knows = { ...known, parameters: [...known.parameters, 'max-postcopy-bandwidth'] };
  const parameters = (
    limit: number | 'unlimited' | undefined,
    {
      link = 200e6,
      mode = 'loopback',
      build = knows,
      postcopy = true,
    }: Partial<Circumstances> = {},
  ) =>
    settingsFor(
      cellSpec({
        link: { bandwidthBitsPerSecond: link },
        capabilities: { 'postcopy-ram': postcopy },
        parameters: limit === undefined ? {} : { 'max-postcopy-bandwidth': limit },
      }),
      build,
      mode,
    ).parameters;

  test.each([
    [undefined, 25_000_000],
    ['unlimited', 25_000_000],
    // QEMU's own way to say so.
    [0, 25_000_000],
    [1_000_000, 1_000_000],
    [30_000_000, 25_000_000],
  ] as const)('max-postcopy-bandwidth %s: %s', (limit, expected) => {
    expect(parameters(limit)).toEqual({
      'max-bandwidth': 25_000_000,
      'max-postcopy-bandwidth': expected,
    });
  });

  test('not where nothing limits the link, the link is shaped, or there is no post-copy', () => {
    expect(parameters(undefined, { link: 'unlimited' })).toEqual({});
    expect(parameters(undefined, { mode: 'namespaces' })).toEqual({});
    expect(parameters(undefined, { postcopy: false })).toEqual({ 'max-bandwidth': 25_000_000 });
  });

  test('a build without the parameter is not told of it, and the trial says so', () => {
    expect(parameters(undefined, { build: known })).toEqual({ 'max-bandwidth': 25_000_000 });
    const warnings = (
      has: object,
      { link = 200e6, mode = 'loopback' }: Partial<Circumstances> = {},
    ) =>
      postcopyRateWarnings(
        cellSpec({
          link: { bandwidthBitsPerSecond: link },
          capabilities: { 'postcopy-ram': true },
        }),
        { source: { capabilities: {}, parameters: { 'max-bandwidth': 25_000_000, ...has } } },
        mode,
      ).map(({ code }) => code);
    expect(warnings({})).toEqual(['postcopy-unlimited']);
    expect(warnings({ 'max-postcopy-bandwidth': 25_000_000 })).toEqual([]);
    expect(warnings({}, { link: 'unlimited' })).toEqual([]);
    expect(warnings({}, { mode: 'namespaces' })).toEqual([]);
  });
});

interface Circumstances {
  readonly link: number | 'unlimited';
  readonly mode: 'namespaces' | 'loopback';
  readonly build: typeof known;
  readonly postcopy: boolean;
}

test('what a build lacks: capabilities that are asked for, and parameters', () => {
  const spec = cellSpec({
    capabilities: { 'dirty-limit': true, 'zero-copy-send': false, multifd: true },
    parameters: { 'vcpu-dirty-limit': 10, 'max-bandwidth': 5 },
  });
  expect(missingSettings(spec, known)).toEqual({
    // Something that is off needs no support.
    capabilities: ['dirty-limit'],
    parameters: ['vcpu-dirty-limit'],
  });
});

test('QMP’s own number for unlimited is used towards QEMU only', () => {
  expect(qmpParameters({ 'max-bandwidth': 'unlimited', 'downtime-limit': 300 })).toEqual({
    'max-bandwidth': 0,
    'downtime-limit': 300,
  });
});

test('credentials stay set on a QEMU: they are named, or it is told that there are none', () => {
  const knows = { ...known, parameters: ['tls-creds', 'tls-hostname'] };
  const parameters = (tls?: TlsShape) =>
    settingsFor(cellSpec(tls === undefined ? {} : { transport: 'tls', tls }), knows, 'namespaces')
      .parameters;
  expect(parameters()).toEqual({ 'tls-creds': '', 'tls-hostname': '' });
  expect(parameters({ credentials: 'x509' })).toEqual({
    'tls-creds': 'migration-tls',
    'tls-hostname': 'destination.migbench.invalid',
  });
  // A shared key has no name in it, and a certificate of the user's own has the one that the plan says.
  expect(parameters({ credentials: 'psk' })['tls-hostname']).toBe('');
  const own = { credentials: 'x509', directory: '/etc/pki', digest: '00' } as const;
  expect(parameters(own)['tls-hostname']).toBe('');
  expect(parameters({ ...own, hostname: 'host2' })['tls-hostname']).toBe('host2');
});
