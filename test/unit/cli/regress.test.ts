/** What `regress` refuses before anything is fetched or measured. */
import { expect, test } from 'vitest';
import { regressCommand } from '../../../harness/cli/regress.ts';

const builds = { base: 'debian:bookworm', candidate: 'debian:trixie' };

/** The flag after the builds is wrong as well, so that nothing is ever run. */
async function refusal(args: object): Promise<string> {
  const all = { $0: 'migbench', _: ['regress'], 'until-precision': 'soon', ...builds, ...args };
  return Promise.resolve(regressCommand.handler(all as never)).then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
}

test('refuses --only without a cell of the base: nobody would boot the guests', async () => {
  expect(await refusal({ only: '*trixie*' })).toContain(
    '--only *trixie* leaves out every cell of debian:bookworm',
  );
});

test('refuses --only without a cell of the candidate: nothing would be compared', async () => {
  expect(await refusal({ only: '*bookworm*' })).toContain(
    '--only *bookworm* leaves out every cell but those of debian:bookworm, the base',
  );
});

test('refuses a time limit of nothing', async () => {
  const args = { 'until-precision': undefined, 'time-limit': '0s' };
  expect(await refusal({ ...args, 'dry-run': true })).toContain(
    '--time-limit 0s: expected more than zero',
  );
});

test('refuses what a resumed run has from its beginning', async () => {
  const none = { base: undefined, candidate: undefined, 'until-precision': undefined };
  for (const changed of [{ pairs: 'cross' }, { guests: 'own' }]) {
    expect(await refusal({ ...none, ...changed, resume: '/nowhere' })).toContain(
      `leave out --${Object.keys(changed).join('')}`,
    );
  }
});

test('takes --only with cells of both', async () => {
  expect(await refusal({ only: 'idle/*' })).toContain('until-precision');
});

test('refuses a build against itself', async () => {
  expect(await refusal({ candidate: 'debian:bookworm' })).toContain('migbench run --aa');
});
