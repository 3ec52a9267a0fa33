/** The table of capabilities and builds: verdicts, notes, and a page made from records alone. */
import { describe, expect, test } from 'vitest';
import { capabilityReasons } from '../../../harness/cli/capabilities-table.ts';
import type { Run } from '../../../harness/record/reader.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { capabilitiesPage } from '../../../reports/capability-table/page.ts';
import { verdictOf } from '../../../reports/capability-table/verdict.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from '../record/examples.ts';

const measurements = { totalTimeMs: 596, pauseMs: 39.5, transferredBytes: 66 * 2 ** 20 };
const old = { reference: 'debian:bullseye', version: '5.2.0', package: '' };
const recent = { reference: 'debian:trixie', version: '10.0.13', package: '' };
const settings = (names: Record<string, boolean>) => ({
  source: { capabilities: names, parameters: {} },
  destination: { capabilities: names, parameters: {} },
});

function trial(overrides: Partial<TrialRecord>): TrialRecord {
  return exampleRecord({ measurements, integrity: 'intact', ...overrides });
}

describe('a verdict', () => {
  test('worked only where the data was checked', () => {
    expect(verdictOf([trial({})])).toEqual({ text: 'worked: 596 ms, 39.5 ms, 66 MiB' });
    expect(verdictOf([trial({}), trial({ integrity: 'unchecked' })]).text).toMatch(/^completed: /);
  });

  test('figures are medians', () => {
    const slow = trial({ measurements: { ...measurements, totalTimeMs: 1_000 } });
    const slower = trial({ measurements: { ...measurements, totalTimeMs: 2_000 } });
    expect(verdictOf([trial({}), slow, slower]).text).toBe('worked: 1 s, 39.5 ms, 66 MiB');
  });

  test('one failure of several is not hidden, and QEMU’s words are kept', () => {
    const failed = trial({
      outcome: { kind: 'failed', reason: 'migration-error', detail: 'Channel error: EIO' },
      measurements: {},
    });
    expect(verdictOf([failed, trial({})])).toEqual({
      text: '1 of 2 completed: 596 ms, 39.5 ms, 66 MiB; **failed**',
      note: 'migration-error: Channel error: EIO',
    });
  });

  test.each([
    ['capability-missing', 'skipped', 'has no migration capability "x".'],
    ['capability-refused', 'refused', ': "dirty-limit requires KVM"'],
    ['parameter-refused', 'refused', ': the parameter must be one of none, zlib'],
    ['host-forbids', 'skipped', ': "Postcopy is not supported"'],
  ] as const)('%s is %s, without the build’s name', (reason, word, rest) => {
    const space = rest.startsWith(':') ? '' : ' ';
    const detail = `debian:trixie (QEMU 10.0.13)${space}${rest}`;
    const record = trial({
      qemu: { source: recent, destination: recent },
      outcome: { kind: 'skipped', reason, detail },
    });
    const { text, note } = verdictOf([record]);
    expect(text).toBe(word);
    expect(note).toBe(`${reason}: ${rest.startsWith(': ') ? rest.slice(2) : `The build ${rest}`}`);
  });
});

function runOf(records: readonly TrialRecord[], name = 'capabilities'): Run {
  const cells = records.map(({ cellId, labels }) => ({ id: cellId, labels }));
  return {
    directory: '/run',
    environment: exampleEnvironment(),
    plan: { ...examplePlan, name, cells },
    records,
    warnings: [],
  };
}

const labels = (setting: string, qemu = 'debian-trixie') => ({
  ...exampleRecord().labels,
  setting,
  qemu,
});

test('a page: capabilities, settings by build from old to new, equal notes once', () => {
  const lacking = (build: typeof old) => ({
    kind: 'skipped' as const,
    reason: 'capability-missing' as const,
    detail: `${build.reference} (QEMU ${build.version}) has no migration capability "magic".`,
  });
  const page = capabilitiesPage(
    [
      runOf([
        trial({
          labels: labels('xbzrle'),
          qemu: { source: recent, destination: recent },
          requested: { capabilities: { xbzrle: true }, parameters: {} },
          effective: settings({ xbzrle: true, events: true, 'mapped-ram': false, block: false }),
        }),
        ...[recent, old].map((build) =>
          trial({
            labels: labels('magic'),
            qemu: { source: build, destination: build },
            requested: { capabilities: { magic: true }, parameters: {} },
            outcome: lacking(build),
            measurements: {},
          }),
        ),
        trial({
          labels: labels('xbzrle'),
          qemu: { source: old, destination: old },
          effective: settings({ xbzrle: true, events: true }),
        }),
      ]),
    ],
    new Map([['mapped-ram', 'needs a file']]),
  );
  expect(page).toContain('| setting | debian:bullseye (5.2.0) | debian:trixie (10.0.13) |');
  expect(page).toContain(
    '| xbzrle | worked: 596 ms, 39.5 ms, 66 MiB | worked: 596 ms, 39.5 ms, 66 MiB |',
  );
  expect(page).toContain('| magic | skipped (1) | skipped (1) |');
  expect(page.match(/The build has no migration capability "magic"/gu)).toHaveLength(1);
  expect(page).toContain('| events | 1 completed | 1 completed |');
  expect(page).toContain('| mapped-ram | – | not tried (1) |');
  expect(page).toContain('1. needs a file');
  expect(page).toContain('| block | – | not tried |');
  expect(page).not.toContain('Pairs of versions');
});

test('another transport has a table of its own', () => {
  const page = capabilitiesPage(
    [runOf([trial({ labels: labels('stream'), transport: 'file' }), trial({})])],
    new Map(),
  );
  expect(page).toMatch(/### idle, transport: file\n\n[^#]*\| stream \| worked/u);
  expect(page).toMatch(/### idle\n\n[^#]*\| precopy \| worked/u);
});

test('pairs of builds have tables of their own, with the machine type', () => {
  const page = capabilitiesPage(
    [
      runOf(
        [
          trial({
            labels: labels('precopy', 'debian-bullseye-to-debian-trixie'),
            qemu: { source: old, destination: recent },
            machineType: 'pc-i440fx-5.2',
          }),
        ],
        'versions',
      ),
    ],
    new Map(),
  );
  expect(page).toContain('| from \\ to | debian:bullseye (5.2.0) | debian:trixie (10.0.13) |');
  expect(page).toContain(
    '| debian:bullseye (5.2.0) | – | worked: 596 ms, 39.5 ms, 66 MiB, pc-i440fx-5.2 |',
  );
  expect(page).not.toContain('## Settings');
});

test('why a capability is not tried over tcp comes from the rules', () => {
  const reasons = capabilityReasons(['mapped-ram', 'background-snapshot', 'xbzrle']);
  expect(reasons.get('mapped-ram')).toContain('transport: file');
  expect(reasons.get('background-snapshot')).toContain('not a live migration');
  expect(reasons.has('xbzrle')).toBe(false);
});
