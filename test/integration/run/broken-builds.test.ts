/** Files that are named as a QEMU and are none, or one that does not work: what is said, and that the run goes on. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migbench, recordsOf, temporaryFolder, visibleOutside } from './cli.ts';
import { needsGuests } from './runs.ts';

needsGuests();

/** Answers what it is, as a QEMU does, and then does something else. */
const pretending = (rest: string) => `#!/bin/sh
case "$*" in
  *--version*) echo 'QEMU emulator version 9.9.9'; exit 0;;
  *'-machine help'*) echo 'pc                   Standard PC'; exit 0;;
esac
${rest}
`;

/** Listens where its QMP should be, and speaks something else. */
const babbler = (node: string) => `#!${node}
const args = process.argv.slice(2).join(' ');
if (args.includes('--version')) console.log('QEMU emulator version 9.9.9');
else if (args.includes('-machine help')) console.log('pc                   Standard PC');
else {
  const [, path] = /unix:([^,]+)/.exec(args);
  require('node:net').createServer((socket) => socket.write('220 mail.example ESMTP\\r\\n')).listen(path);
}
`;

const broken: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
  'no-qemu': ['#!/bin/sh\necho hello\n', /no-qemu is not a QEMU system emulator: .*"hello"/u],
  'other-machine': [
    "#!/bin/sh\necho 'QEMU emulator version 9.9.9'\n",
    /neither the pc nor the q35 machine/u,
  ],
  'no-program': ['\u007fELFnonsense', /no-program is not a QEMU that runs here/u],
  crashes: [pretending("echo 'out of cheese' >&2; kill -SEGV $$"), /SIGSEGV.*out of cheese/su],
  ends: [pretending('exit 3'), /ended with exit code 3 at its start/u],
  hangs: [pretending('exec sleep 600'), /did not|within 20 s/u],
  babbles: [babbler(process.execPath), /QMP|JSON|greeting/u],
};

test('in a matrix each build that does not work costs its own cells, with its reason', async () => {
  const folder = await temporaryFolder();
  for (const [name, [text]] of Object.entries(broken)) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
  const plan = join(folder, 'plan.yaml');
  const entries = Object.keys(broken).map((name) => `'path:./${name}'`);
  await writeFile(
    plan,
    `guest: { memory: 192MiB }
accelerator: tcg
qemu: [${entries.join(', ')}, system, { source: system, destination: 'path:./crashes' }]
workloads: [idle]
links: [{ bandwidth: 1Gbit/s }]
settings: { precopy: {} }
windows: { baseline: 200ms, settle: 200ms, settle-limit: 2s }
repetitions: 1
`,
  );
  const out = join(folder, 'run');
  const run = await migbench(['run', plan, '--out', out]);
  expect(run, run.stderr).toMatchObject({ exitCode: 4, leftovers: [] });
  expect(visibleOutside()).toEqual([]);
  const records = recordsOf(out);
  expect(records).toHaveLength(Object.keys(broken).length + 2);
  for (const { qemu, outcome } of records) {
    const references = [qemu.source.reference, qemu.destination.reference];
    const name = references.map((reference) => /[^/]*$/u.exec(reference)?.[0] ?? '');
    const bad = name.find((one) => one in broken);
    if (bad === undefined) {
      expect(outcome).toEqual({ kind: 'completed' });
      continue;
    }
    expect(outcome, bad).toMatchObject({
      ...{ kind: 'failed', reason: 'setup-error' },
      detail: expect.stringMatching(broken[bad]![1]) as unknown,
    });
    expect(outcome, bad).toMatchObject({
      detail: expect.stringContaining('or take it out of the plan') as unknown,
    });
  }
});

test('a plan with nothing but such a build, or a file that is not there, is refused before anything starts', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'true'), '#!/bin/sh\n');
  await chmod(join(folder, 'true'), 0o755);
  const plan = join(folder, 'plan.yaml');
  const text = (qemu: string) => `guest: { memory: 192MiB }
qemu: [${qemu}]
workloads: [idle]
links: [{ bandwidth: 1Gbit/s }]
settings: { precopy: {} }
`;
  const out = join(folder, 'run');
  await writeFile(plan, text("'path:./true'"));
  const none = await migbench(['run', plan, '--out', out]);
  expect(none, none.stderr).toMatchObject({ exitCode: 2, leftovers: [] });
  expect(none.stderr).toContain(`The plan's qemu path:${folder}/true: `);
  expect(none.stderr).toContain('No trial is left without it');
  await writeFile(plan, text("system, 'path:./missing'"));
  const missing = await migbench(['run', plan, '--out', out]);
  expect(missing, missing.stderr).toMatchObject({ exitCode: 2, leftovers: [] });
  expect(missing.stderr).toContain(
    `The plan's qemu path:${folder}/missing: path:${folder}/missing: expected an executable file`,
  );
  expect(recordsOf(out)).toEqual([]);
});
