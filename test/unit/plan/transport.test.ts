/** How a plan says that a migration goes over TLS, and with what. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { load, problems, SMALL } from './fixtures.ts';

const withSettings = (settings: string, rest = '') =>
  `${SMALL.replace('{ precopy: {} }', settings)}${rest}`;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'migbench-tls-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('the plan’s transport, or the setting’s own; certificates unless a key is asked for', async () => {
  const { plan } = await load(
    withSettings(
      '{ plain: {}, x509: { transport: tls }, psk: { transport: tls, tls: { credentials: psk } } }',
    ),
  );
  expect(plan.cells.map(({ spec: { transport, tls } }) => ({ transport, tls }))).toEqual([
    { transport: 'tcp', tls: undefined },
    { transport: 'tls', tls: { credentials: 'x509' } },
    { transport: 'tls', tls: { credentials: 'psk' } },
  ]);
  const { plan: all } = await load(
    withSettings('{ a: {}, b: { transport: tcp } }', 'transport: tls\ntls: { credentials: psk }\n'),
  );
  expect(all.cells.map(({ spec }) => spec.tls?.credentials)).toEqual(['psk', undefined]);
});

test('a folder of one’s own counts by its content, not by its place', async () => {
  const [here, there] = [await folder(), await folder()];
  for (const place of [here, there]) await writeFile(join(place, 'ca-cert.pem'), 'the same');
  const idOf = async (place: string) => {
    const own = `{ a: { transport: tls, tls: { directory: '${place}', hostname: host2 } } }`;
    return (await load(withSettings(own))).plan.cells[0]?.id;
  };
  expect(await idOf(here)).toBe(await idOf(there));
  await writeFile(join(there, 'ca-cert.pem'), 'another');
  expect(await idOf(here)).not.toBe(await idOf(there));
});

test.each([
  ['{ a: { tls: { credentials: psk } } }', '', 'has no effect without "transport: tls"'],
  ['{ a: {} }', 'tls: { credentials: psk }\n', 'has no effect without "transport: tls"'],
  ['{ a: { transport: tls, tls: { directory: /no/where } } }', '', 'there is no folder /no/where'],
  [
    '{ a: { transport: tls, tls: { hostname: host2 } } }',
    '',
    'has no effect without a directory: credentials made for the run have a name already',
  ],
  ['{ a: { transport: tls, tls: { credentials: pks } } }', '', 'is not one of x509, psk'],
])('%s %s is refused', async (settings, rest, reason) => {
  const [found, ...others] = await problems(withSettings(settings, rest));
  expect(found).toContain(reason);
  expect(others).toEqual([]);
});
