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

test('takes --only with cells of both', async () => {
  expect(await refusal({ only: 'idle/*' })).toContain('until-precision');
});

test('refuses a build against itself', async () => {
  expect(await refusal({ candidate: 'debian:bookworm' })).toContain('migbench run --aa');
});
