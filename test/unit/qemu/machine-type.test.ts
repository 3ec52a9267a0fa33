/** Which machine type a pair of builds agrees on. */
import { describe, expect, test } from 'vitest';
import {
  defaultMachine,
  machineTypeIn,
  pinMachineType,
  type MachineType,
} from '../../../harness/qemu/machine-type.ts';

const build = (newest: string, ...names: string[]): MachineType[] => [
  { name: `pc-i440fx-${newest}`, alias: 'pc' },
  { name: `pc-q35-${newest}`, alias: 'q35' },
  ...names.flatMap((version) => [{ name: `pc-i440fx-${version}` }, { name: `pc-q35-${version}` }]),
  { name: 'microvm' },
  { name: 'none' },
  { name: 'isapc' },
];

const bookworm = build('7.2', '7.1', '5.2');
const trixie = build('10.0', '9.2', '7.2', '7.1', '5.2');

describe('an alias is the newest of its family that both know', () => {
  test.each([
    ['pc', trixie, trixie, 'pc-i440fx-10.0'],
    ['q35', trixie, trixie, 'pc-q35-10.0'],
    ['pc', trixie, bookworm, 'pc-i440fx-7.2'],
    ['pc', bookworm, trixie, 'pc-i440fx-7.2'],
    ['q35', bookworm, trixie, 'pc-q35-7.2'],
  ])('%s', (requested, source, destination, pinned) => {
    expect(pinMachineType(requested, source, destination)).toBe(pinned);
  });

  test('10.0 is newer than 9.2: versions are numbers, not text', () => {
    const destination = build('11.1', '10.0', '9.2');
    expect(pinMachineType('pc', build('10.1', '10.0', '9.2'), destination)).toBe('pc-i440fx-10.0');
  });
});

describe('a vendor’s names', () => {
  const rhel = (...versions: string[]): MachineType[] =>
    versions.map((version, index) => ({
      name: `pc-q35-rhel${version}`,
      ...(index === 0 ? { alias: 'q35' } : {}),
    }));

  test('an alias is what it stands for, whatever that is called, where both know it', () => {
    expect(pinMachineType('q35', rhel('9.6.0', '9.4.0'), rhel('9.6.0', '9.4.0'))).toBe(
      'pc-q35-rhel9.6.0',
    );
    expect(pinMachineType('q35', rhel('9.6.0', '9.4.0'), rhel('9.4.0'))).toBe('pc-q35-rhel9.4.0');
    const noble = [{ name: 'pc-i440fx-noble', alias: 'pc' }];
    expect(pinMachineType('pc', noble, noble)).toBe('pc-i440fx-noble');
  });

  test('they have versions of their own', () => {
    expect(pinMachineType('q35', rhel('9.6.0', '9.4.0', '9.2.0'), rhel('9.5.0', '9.4.0'))).toBe(
      'pc-q35-rhel9.4.0',
    );
  });
});

test('an exact name stays, where both know it', () => {
  expect(pinMachineType('pc-q35-5.2', trixie, bookworm)).toBe('pc-q35-5.2');
  expect(pinMachineType('microvm', trixie, bookworm)).toBe('microvm');
});

test('a name that one of them lacks is the plan’s mistake, and the error says what both know', () => {
  expect(() => pinMachineType('pc-i440fx-10.0', trixie, bookworm)).toThrow(
    expect.objectContaining({
      code: 'plan-invalid',
      message:
        'guest.machine: expected a machine type that both QEMU builds know, found "pc-i440fx-10.0". ' +
        'Both know: pc, q35, isapc, microvm, none, pc-i440fx-5.2, pc-i440fx-7.1, pc-i440fx-7.2, ' +
        'pc-q35-5.2, pc-q35-7.1, pc-q35-7.2.',
    }),
  );
  expect(() => pinMachineType('virt', trixie, trixie)).toThrow(/found "virt"/u);
  // Two builds with nothing in common.
  expect(() => pinMachineType('pc', build('7.2'), build('10.0'))).toThrow(/found "pc"/u);
});

test('the error names an alias only where it stands for something that both know', () => {
  const rhel = [{ name: 'pc-q35-rhel9.6.0', alias: 'q35' }];
  expect(() => pinMachineType('pc', rhel, rhel)).toThrow('Both know: q35, pc-q35-rhel9.6.0.');
  expect(() => pinMachineType('virt', [{ name: 'isapc' }], trixie)).toThrow('Both know: isapc.');
});

test('without a name in the plan: pc, or q35 where a build has no pc', () => {
  const [i440fx, q35] = [{ machineType: 'pc' }, { machineType: 'q35' }] as const;
  expect(defaultMachine([i440fx, i440fx])).toBe('pc');
  expect(defaultMachine([i440fx, q35])).toBe('q35');
});

describe('a machine type of a build’s own', () => {
  const line = (name: string, description: string) => `${name.padEnd(20)} ${description}\n`;
  const q35 =
    line('pc-q35-10.0', 'Standard PC (Q35 + ICH9, 2009)') +
    line('q35', 'Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.0)') +
    line('isapc', 'ISA-only PC') +
    line('none', 'empty machine');
  const i440fx = line('pc', 'Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-10.0)');

  test('pc where the build has it, q35 where it was made without', () => {
    expect(machineTypeIn(`Supported machines are:\n${i440fx}${q35}`)).toBe('pc');
    expect(machineTypeIn(`Supported machines are:\n${q35}`)).toBe('q35');
  });
});
