/** Everything that can be wrong before anything starts: the exit code, and words that say what to do. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { CommandLine, PLAN } from './command-line.ts';

const line = new CommandLine();
afterAll(() => line[Symbol.dispose]());
line.file('plan.yaml', PLAN);
line.file('empty.yaml', '');
line.file('card.json', '{"schemaVersion":1,');

const entries = (count: number, entry: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => entry(index)).join(', ');
line.file(
  'million.yaml',
  `guest: { memory: 384MiB }
workloads: [idle]
links: [${entries(1000, (index) => `{ bandwidth: ${index + 1}Mbit/s }`)}]
settings: { ${entries(1000, (index) => `s${index}: {}`)} }
`,
);

const finished = join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome');

/** What is typed, the exit code, and what standard error must say. */
const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  ['no command', [], 2, /migbench COMMAND[\s\S]*migbench run \[plan\]/],
  ['an unknown command', ['repotr'], 2, /Unknown argument: repotr\. Did you mean report\?/],
  ['an unknown subcommand', ['qemu', 'lst'], 2, /Did you mean list\?/],
  ['a command without its subcommand', ['cache'], 2, /Say what to do: list or prune/],
  [
    'an unknown flag',
    ['run', '--reptitions', '3'],
    2,
    /reptitions\. Did you mean --repetitions\?[\s\S]*migbench run --help/,
  ],
  ['a flag without its value', ['run', '--out'], 2, /Not enough arguments following: out/],
  ['an empty value', ['run', '--out', ''], 2, /--out is empty/],
  ['a flag given twice', ['run', '--out', 'a', '--out', 'b'], 2, /--out can be given once only/],
  ['--quiet with --verbose', ['doctor', '--quiet', '--verbose'], 2, /not both/],
  ['a missing argument', ['report'], 2, /Usage: migbench report <run>/],
  ['too many arguments', ['plan', 'plan.yaml', 'more'], 2, /Unknown argument: more/],
  ['an unknown schema', ['schema', 'card'], 2, /Choices: "plan", "record"/],

  [
    'a link of zero',
    ['predict', 'card.json', '--bandwidth', '0Mbit/s'],
    2,
    /nothing moves at a rate of zero/,
  ],
  [
    'no downtime',
    ['predict', 'card.json', '--bandwidth', '1Gbit/s', '--downtime-limit', '0ms'],
    2,
    /no migration is without downtime/,
  ],
  [
    'a setting that is not predicted',
    ['predict', 'card.json', '--bandwidth', '1Gbit/s', '--setting', 'colo'],
    2,
    /expected some of precopy, .*found "colo"/,
  ],
  [
    'a damaged card',
    ['predict', 'card.json', '--bandwidth', '1Gbit/s'],
    2,
    /card\.json: not JSON: the card is damaged/,
  ],
  [
    'a missing card',
    ['predict', 'nope', '--bandwidth', '1Gbit/s'],
    2,
    /nope: there is no workload card\. Make one/,
  ],
  ['an unknown workload', ['characterize', 'databse'], 2, /Did you mean database\?/],
  [
    'a window without a unit',
    ['characterize', 'idle', '--windows', '100'],
    2,
    /--windows: "100": a duration needs a unit/,
  ],
  [
    'a window that is too short',
    ['characterize', 'idle', '--windows', '1ms,1s'],
    2,
    /from 5 ms to 1 h/,
  ],
  ['a guide of nothing', ['guide', 'plan.yaml'], 2, /expected a run directory, a workload card/],

  ['a missing plan', ['run', 'nope.yaml'], 2, /nope\.yaml: there is no such plan file/],
  ['an empty plan', ['run', 'empty.yaml'], 2, /empty\.yaml:1:1: the plan is empty/],
  ['10⁶ cells', ['plan', 'million.yaml'], 2, /1000000|1,000,000|10⁶|1 000 000/],
  [
    'an unknown key',
    ['plan', 'plan.yaml', '--set', 'reptitions=3'],
    2,
    /reptitions[\s\S]*repetitions/,
  ],
  [
    'a missing unit',
    ['plan', 'plan.yaml', '--set', 'guest.memory=384'],
    2,
    /--set guest\.memory=384: .*a size needs a unit, such as 384MiB/,
  ],
  [
    'a wrong unit',
    ['plan', 'plan.yaml', '--set', 'deadline=20MiB'],
    2,
    /"MiB" is the unit of a size; a duration is expected/,
  ],
  [
    'multifd with xbzrle',
    ['plan', 'plan.yaml', '--set', 'settings.both={capabilities: {multifd: true, xbzrle: true}}'],
    2,
    /multifd[\s\S]*xbzrle/,
  ],
  ['an unknown workload', ['plan', 'plan.yaml', '--set', 'workloads=[idel]'], 2, /idle/],
  [
    'an unknown suite',
    ['plan', 'plan.yaml', '--set', 'qemu=["debian:trixi"]'],
    2,
    /plan\.yaml: qemu: Unknown Debian suite "trixi".*Did you mean trixie\?/,
  ],
  ['--set without a value', ['plan', '--set', 'guest.memory'], 2, /is written path=value/],
  ['--only that matches nothing', ['plan', '--only', 'zzz*'], 2, /matches none of the \d+ cells/],
  ['no repetitions', ['run', '--repetitions', '0'], 2, /whole number from 1, found 0/],
  ['repetitions of a word', ['run', '--repetitions', 'many'], 2, /found no number/],
  [
    'a time limit without a unit',
    ['run', '--time-limit', '30'],
    2,
    /--time-limit 30: .*needs a unit/,
  ],

  [
    'more memory than there is',
    ['run', 'plan.yaml', '--set', 'guest.memory=8TiB'],
    3,
    /runs twice during a migration and needs 16\S* TiB/,
  ],
  [
    'a QEMU that is none',
    ['run', 'plan.yaml', '--set', 'qemu=["path:/bin/true"]', '--out', 'not-qemu'],
    2,
    /\/bin\/true is not a QEMU/,
  ],
  [
    'a QEMU that is not there',
    ['run', 'plan.yaml', '--set', 'qemu=["path:./nope"]', '--out', 'no-qemu'],
    2,
    /expected an executable file .*nope, found nothing/,
  ],
  ['a folder that cannot be written', ['run', 'plan.yaml', '--out', '/proc/run'], 2, /\/proc\/run/],
  [
    'a folder that holds a run',
    ['run', 'plan.yaml', '--out', finished],
    2,
    /already holds a run\. Continue it with --resume/,
  ],
  ['--resume of no run', ['run', '--resume', '.'], 2, /Nothing to resume/],
  ['--resume with --out', ['run', '--resume', '.', '--out', 'x'], 2, /leave out --out/],
  ['--retry without --resume', ['run', '--retry', 'failed'], 2, /--retry needs --resume DIR/],
  ['--retry of a word', ['run', '--resume', '.', '--retry', 'all'], 2, /expected some of failed/],

  ['a report of no run', ['report', '.'], 2, /is not a run directory/],
  ['a report of nothing', ['report', 'nope'], 2, /nope does not exist/],
  [
    'an unknown metric',
    ['report', finished, '--threshold', 'pausems<3'],
    2,
    /there is no metric "pausems".*did you mean "pause_ms"/,
  ],
  ['a format that is none', ['report', finished, '--format', 'pdf'], 2, /found "pdf"/],
  ['a comparison of one run', ['compare', finished], 2, /one and what to compare in it/],
  ['a comparison by a word', ['compare', finished, '--by', 'color'], 2, /Choices: "workload"/],
  ['a comparison of one group', ['compare', finished, '--by', 'guest'], 2, /needs two values/],
  ['a metric', ['compare', finished, finished, '--metric', 'pause'], 2, /is no metric.*pause_ms/],
  ['a confidence', ['compare', finished, finished, '--confidence', '95'], 2, /needs a unit/],
  ['a suite to add', ['qemu', 'add', 'debian:trixi'], 2, /Did you mean trixie\?/],
  ['a build that is not ours', ['qemu', 'remove', 'system'], 2, /only debian:… builds/],
  [
    'a mirror that is none',
    ['qemu', 'add', 'debian:trixie', '--mirror', 'x'],
    2,
    /not the address/,
  ],
  ['a workload', ['workloads', 'memory-stres'], 2, /Did you mean memory-stress\?/],
  ['a workload folder', ['workloads', './nope'], 2, /found no workload\.js/],
];

describe.concurrent('refuses', () => {
  test.each(cases)('%s', async (_, args, exitCode, message) => {
    const ended = await line.migbench(...args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/internal error|^ +at /m);
    expect(ended).toMatchObject({ exitCode, stdout: '' });
  });
});

test('a refused run leaves no folder behind', () => {
  for (const name of ['not-qemu', 'no-qemu', 'runs']) {
    expect(existsSync(join(line.folder, name)), name).toBe(false);
  }
});
