/** Where the cache is, for users with a home and without. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDirectory, type CachePlaces } from '../../../harness/paths.ts';
import { temporaryFolder } from '../record/temporary.ts';

const places = (overrides: Partial<CachePlaces> = {}): CachePlaces => ({
  databaseHome: () => undefined,
  isWritable: () => true,
  packageRoot: '/clone',
  ...overrides,
});

test('XDG_CACHE_HOME is taken as it is, if it is absolute', async () => {
  const home = await temporaryFolder();
  const XDG_CACHE_HOME = '/no/such/place';
  expect(cacheDirectory({ HOME: home, XDG_CACHE_HOME }, places())).toBe('/no/such/place/migbench');
  expect(cacheDirectory({ HOME: home, XDG_CACHE_HOME: 'here' }, places())).toBe(
    join(home, '.cache', 'migbench'),
  );
});

test('a user in the database needs no HOME', async () => {
  const home = await temporaryFolder();
  const known = places({ databaseHome: () => home });
  expect(cacheDirectory({}, known)).toBe(join(home, '.cache', 'migbench'));
});

test('without a home of one’s own, the cache is in the clone', async () => {
  const beside = '/clone/.cache/migbench';
  expect(cacheDirectory({}, places())).toBe(beside);
  expect(cacheDirectory({ HOME: '/' }, places())).toBe(beside);
  expect(cacheDirectory({ HOME: '/nonexistent' }, places())).toBe(beside);
  expect(cacheDirectory({ HOME: '.' }, places())).toBe(beside);
  const home = await temporaryFolder();
  const readOnly = places({ isWritable: (folder) => folder !== home });
  expect(cacheDirectory({ HOME: home }, readOnly)).toBe(beside);
});

test('where nothing can be written, the error says what to set', async () => {
  const home = await temporaryFolder();
  expect(() => cacheDirectory({ HOME: home }, places({ isWritable: () => false }))).toThrow(
    expect.objectContaining({
      code: 'host-unfit',
      message: expect.stringMatching(/Set XDG_CACHE_HOME/u) as unknown,
    }),
  );
});
