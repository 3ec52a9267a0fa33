/** The pure parts of single commands. */
import { describe, expect, test } from 'vitest';
import { totalsByKind } from '../../../harness/cli/cache.ts';
import { findingText } from '../../../harness/cli/doctor.ts';
import { commandGroups, commandText } from '../../../harness/cli/plan-commands.ts';
import { shellQuoted } from '../../../harness/sandbox/shell-quote.ts';
import { dimensionsOf } from '../../../harness/cli/plan.ts';
import { cacheUsers, ownLine } from '../../../harness/cli/cache-users.ts';
import { predictionWarnings, quantity } from '../../../harness/cli/predict.ts';
import { parseFormats } from '../../../harness/cli/report.ts';
import { load, SMALL } from '../plan/fixtures.ts';

describe('report --format', () => {
  test('takes commas and repetition', () => {
    expect(parseFormats(undefined)).toBeUndefined();
    expect(parseFormats(['csv, md', 'html', 'csv'])).toEqual(['csv', 'md', 'html']);
  });

  test.each([
    [
      'pdf',
      '--format: expected some of html, csv, md, svg, png, summary, junit, smaller, bmf, openmetrics with commas between, found "pdf".',
    ],
    ['csv,', 'found "".'],
  ])('refuses %s', (word, message) => {
    expect(() => parseFormats([word])).toThrow(message);
  });
});

describe('predict', () => {
  test('takes quantities below one of their unit', async () => {
    expect(await quantity('--bandwidth', '0.5Gbit/s', 'bits-per-second')).toBe(5e8);
    expect(await quantity('--max-bandwidth', '0.5GiB/s', 'bytes-per-second')).toBe(2 ** 29);
    expect(await quantity('--downtime-limit', '0.3s', 'duration')).toBe(300);
  });

  test('warns of what the card says against itself first', () => {
    const card = {
      warnings: ['The workload drifts.'],
      accelerator: 'tcg',
      qemu: { reference: 'system', version: '10.0.13' },
    };
    expect(predictionWarnings(card, {}, ['costs'])).toEqual([
      'The card: The workload drifts.',
      'costs',
    ]);
    const foreign = predictionWarnings(card, { accelerator: 'kvm', qemu: '10.0.13' }, []);
    expect(foreign).toHaveLength(2);
    expect(foreign[1]).toContain('measured under tcg, not kvm');
  });

  test.each([
    ['bits-per-second', '0Gbit/s', 'nothing moves at a rate of zero'],
    ['bits-per-second', '0.0Gbit/s', 'nothing moves at a rate of zero'],
    ['duration', '0', 'no migration is without downtime'],
    ['duration', '0.5m', '"m" could mean minutes or milliseconds: write 0.5min'],
  ] as const)('says of a %s of %s what is wrong with it', async (dimension, text, message) => {
    await expect(quantity('--x', text, dimension)).rejects.toThrow(message);
  });
});

describe('cache', () => {
  const entry = { path: '/c/x', usedFor: [], lastUsedMs: 0 };

  test('sums by kind', () => {
    expect(
      totalsByKind([
        { ...entry, kind: 'tree', sizeBytes: 5, needed: true },
        { ...entry, kind: 'lists', sizeBytes: 3, needed: false },
        { ...entry, kind: 'tree', sizeBytes: 2, needed: false },
      ]),
    ).toEqual([
      { kind: 'tree', count: 2, sizeBytes: 7, prunableBytes: 2 },
      { kind: 'lists', count: 1, sizeBytes: 3, prunableBytes: 3 },
    ]);
  });

  test.each([
    [['/c/migbench/trees/1/lib/ld.so', '-name', 'x'], true],
    [['qemu', '-blockdev', 'driver=file,filename=/c/migbench/images/1/root.squashfs'], true],
    [['node', '--enable-source-maps', '/clone/dist/harness/measure.js'], true],
    [['node', '/clone/dist/harness/cli/main.js', 'run', 'plan.yaml'], true],
    [['node', '/usr/bin/migbench', 'qemu', 'add', 'debian:trixie'], true],
    [['node', 'dist/harness/cli/main.js', 'run'], true],
    [['node', 'dist/harness/measure.js'], true],
    [['node', 'harness/setup.mjs', '--start', '--repetitions', '1'], true],
    [['node', '/clone/harness/setup.mjs', '--prepare'], true],
    [['node', 'harness/setup.mjs', '--build'], false],
    [['node', 'dist/harness/cli/main.js', 'cache', 'list'], false],
    [['vim', '/clone/notdist/harness/cli/main.js.txt', 'run'], false],
    [['node', '/usr/bin/migbench', 'cache', 'list'], false],
    [['node', '/usr/bin/migbench', 'report', 'run'], false],
    [['less', '/c/migbench-notes.txt'], false],
    [['bash'], false],
    [[''], false],
  ])('is used by %j: %s', (words, used) => {
    expect(cacheUsers([{ pid: 7, words }], '/c/migbench')).toHaveLength(used ? 1 : 0);
  });
});

test('a command is not in the way of itself, nor are those that started it', () => {
  expect([...ownLine()].slice(0, 2)).toEqual([process.pid, process.ppid]);
});

describe('plan', () => {
  test('dimensions are the labels in their order', async () => {
    const { plan } = await load(SMALL);
    expect(dimensionsOf(plan.cells)).toMatchObject({
      workloads: ['idle'],
      'QEMU pairs': ['system'],
    });
  });

  test.each([
    ['-machine', '-machine'],
    ['driver=file,read-only=on', 'driver=file,read-only=on'],
    ['a b', "'a b'"],
    ["it's", "'it'\\''s'"],
    ['', "''"],
    ['<image>/root', "'<image>/root'"],
  ])('%s as a shell reads it', (argument, quoted) => {
    expect(shellQuoted(argument)).toBe(quoted);
  });

  test('cells that are started alike share their command lines', async () => {
    const settings = 'settings: { precopy: {}, xbzrle: { capabilities: { xbzrle: true } } }';
    const { plan, definitions } = await load(SMALL.replace(/settings: .*/u, settings));
    const groups = commandGroups(plan.cells, definitions, new Map());
    expect(plan.cells).toHaveLength(2);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.cells).toEqual(plan.cells.map(({ id }) => id));
    expect(groups[0]?.source.slice(-2)).toEqual(['-incoming', 'defer']);
    expect(groups[0]?.source).toContain('migbench-source,debug-threads=on');
    expect(groups[0]?.destination).toContain('migbench-destination,debug-threads=on');
    expect(commandText(groups)).toMatch(/^# Both sides .*\n# source\n\S/su);
  });
});

test('a finding has its remedy below it', () => {
  const finding = {
    level: 'warn',
    name: 'kvm',
    found: 'there is none',
    remedy: 'Load it.',
  } as const;
  expect(findingText(finding, 80, false)).toBe(
    `warn  kvm${' '.repeat(15)}there is none\n${' '.repeat(24)}→ Load it.\n`,
  );
  expect(findingText({ level: 'ok', name: 'node', found: '20' }, 80, true)).toBe(
    `\u001b[32mok\u001b[0m    node${' '.repeat(14)}20\n`,
  );
});
