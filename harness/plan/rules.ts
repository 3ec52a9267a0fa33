/**
 * Which settings exclude or need each other, stated once as data.
 *
 * Taken from QEMU's own checks (migration/options.c of 5.2 to 11.1) and from trials. A rule without `before` holds
 * for every build and is checked when the plan is loaded; one with `before` is for the runner, which skips a cell
 * with the rule's reason when a build is older.
 */
import {
  capability,
  excludes,
  needs,
  on,
  refuse,
  type RuleSubject,
  type SettingRule,
} from './rule.ts';

/** A broken rule. */
export interface RuleViolation {
  readonly id: string;
  readonly reason: string;
  /** Keys below the setting: `['capabilities', 'xbzrle']`. */
  readonly at: readonly string[];
}

const compressesMultifd = ({ parameters }: RuleSubject): boolean =>
  (parameters['multifd-compression'] ?? 'none') !== 'none';

const OWNED_CAPABILITIES = ['events', 'return-path', 'postcopy-blocktime'] as const;
const OWNED_PARAMETERS = ['tls-creds', 'tls-hostname', 'tls-authz'] as const;

const modeOf = ({ parameters }: RuleSubject): unknown => parameters['mode'] ?? 'normal';

/** A rule that the parameter `mode` breaks under a condition. */
const refuseMode = (
  id: string,
  condition: (subject: RuleSubject) => boolean,
  reason: string,
): SettingRule => ({
  id,
  reason,
  brokenAt: (subject) => (condition(subject) ? ['parameters', 'mode'] : undefined),
});

/** The CPR modes keep a guest on its host while its QEMU is replaced. */
const modeRules: readonly SettingRule[] = [
  refuseMode(
    'mode-has-a-destination',
    (subject) => !['normal', 'cpr-transfer', 'cpr-reboot'].includes(String(modeOf(subject))),
    'expected normal, cpr-transfer or cpr-reboot: in cpr-exec a QEMU becomes the new one itself, and there are no two to observe',
  ),
  refuseMode(
    'cpr-transfer-by-unix',
    (subject) => modeOf(subject) === 'cpr-transfer' && subject.transport !== 'unix',
    'cpr-transfer keeps the guest on its host: it needs "transport: unix"',
  ),
  refuseMode(
    'cpr-transfer-needs-shared-memory',
    (subject) => modeOf(subject) === 'cpr-transfer' && subject.guest?.backend === 'ram',
    'cpr-transfer hands guest memory over as it is: it needs "backend: memfd"',
  ),
  refuseMode(
    'cpr-reboot-by-file',
    (subject) => modeOf(subject) === 'cpr-reboot' && subject.transport !== 'file',
    'cpr-reboot saves the guest while no QEMU runs: it needs "transport: file"',
  ),
  refuse(
    'cpr-excludes-postcopy',
    'postcopy-ram',
    (subject) => modeOf(subject) !== 'normal',
    'the CPR modes stop the guest before anything else: post-copy has no place in them',
  ),
  {
    id: 'mirror-of-a-live-migration',
    reason:
      '"storage: mirror" copies the disk while the guest moves to another host: not through a file, and not in a CPR mode',
    brokenAt: (subject) =>
      subject.guest?.storage === 'mirror' &&
      (subject.transport === 'file' || modeOf(subject) !== 'normal')
        ? []
        : undefined,
  },
];

/** All rules. */
export const settingRules: readonly SettingRule[] = [
  excludes('multifd', 'xbzrle'),
  excludes('multifd', 'compress'),
  excludes('auto-converge', 'dirty-limit'),
  excludes('postcopy-ram', 'compress'),
  excludes('postcopy-ram', 'x-ignore-shared'),
  excludes('mapped-ram', 'xbzrle'),
  excludes('mapped-ram', 'compress'),
  excludes('mapped-ram', 'postcopy-ram'),
  excludes('multifd', 'postcopy-ram', '10.1'),
  needs('postcopy-preempt', 'postcopy-ram'),
  needs('zero-copy-send', 'multifd'),
  refuse(
    'zero-copy-send-uncompressed',
    'zero-copy-send',
    compressesMultifd,
    'zero-copy-send sends guest pages as they are: remove multifd-compression',
  ),
  refuse(
    'zero-copy-send-needs-tcp',
    'zero-copy-send',
    ({ transport }) => transport !== 'tcp',
    'zero-copy-send works over "transport: tcp" only',
  ),
  refuse(
    'mapped-ram-needs-file',
    'mapped-ram',
    ({ transport }) => transport !== 'file',
    'mapped-ram lays memory out in a file: it needs "transport: file"',
  ),
  refuse(
    'mapped-ram-uncompressed',
    'mapped-ram',
    compressesMultifd,
    'mapped-ram stores pages as they are: remove multifd-compression',
  ),
  ...(['file', 'exec'] as const).flatMap((transport) => {
    const what = transport === 'file' ? 'a file' : 'a pipe';
    const isIt = (subject: RuleSubject): boolean => subject.transport === transport;
    return [
      refuse(
        `postcopy-not-by-${transport}`,
        'postcopy-ram',
        isIt,
        `post-copy asks the source for pages, which ${what} cannot answer: use "transport: tcp"`,
      ),
      refuse(
        `switchover-ack-not-by-${transport}`,
        'switchover-ack',
        isIt,
        `switchover-ack waits for an answer of the destination, which ${what} cannot give: use "transport: tcp"`,
      ),
    ];
  }),
  refuse(
    'multifd-not-by-exec',
    'multifd',
    ({ transport }) => transport === 'exec',
    'multifd needs several connections, and exec is one pipe: use "transport: tcp" or "unix"',
  ),
  refuse(
    'multifd-by-file-needs-mapped-ram',
    'multifd',
    (subject) => subject.transport === 'file' && !on(subject, 'mapped-ram'),
    'multifd into a file needs the capability mapped-ram: add "mapped-ram: true"',
  ),
  refuse(
    'postcopy-tls-unsafe',
    'postcopy-ram',
    ({ transport }) => transport === 'tls',
    'post-copy over TLS is unsafe in QEMU before 10.1',
    '10.1',
  ),
  refuse(
    'x-ignore-shared-needs-shared-memory',
    'x-ignore-shared',
    ({ guest }) => guest !== undefined && guest.backend !== 'memfd',
    'x-ignore-shared needs guest memory that both sides share: "backend: memfd"',
  ),
  refuse(
    'dirty-limit-needs-kvm',
    'dirty-limit',
    ({ accelerator }) => accelerator === 'tcg',
    'dirty-limit needs KVM with a dirty ring: it is impossible with "accelerator: tcg"',
  ),
  refuse(
    'dirty-limit-needs-dirty-ring',
    'dirty-limit',
    ({ guest }) => guest !== undefined && guest.dirtyRing === undefined,
    'dirty-limit counts by KVM’s dirty ring: add "dirty-ring: 4096" to the guest',
  ),
  ...(['background-snapshot', 'x-colo', 'rdma-pin-all'] as const).map((name) =>
    refuse(
      `${name}-not-supported`,
      name,
      () => true,
      `${name} is not a live migration over a migration link: migbench does not run it`,
    ),
  ),
  ...OWNED_CAPABILITIES.map((name): SettingRule => ({
    id: `${name}-is-set-by-migbench`,
    reason: `${name} is always set by migbench itself, where the build has it: remove it`,
    brokenAt: ({ capabilities }) => (name in capabilities ? capability(name) : undefined),
  })),
  ...OWNED_PARAMETERS.map((name): SettingRule => ({
    id: `${name}-is-set-by-migbench`,
    reason: `${name} is set by migbench itself: write "transport: tls" instead`,
    brokenAt: ({ parameters }) => (name in parameters ? ['parameters', name] : undefined),
  })),
  {
    id: 'throttle-from-initial-to-maximum',
    reason:
      'the CPU is throttled from cpu-throttle-initial (20% unless set) up to max-cpu-throttle (99%): ' +
      'make the first not more than the second',
    brokenAt: ({ parameters }) => {
      const initial = parameters['cpu-throttle-initial'] ?? 20;
      const maximum = parameters['max-cpu-throttle'] ?? 99;
      if (typeof initial !== 'number' || typeof maximum !== 'number') return undefined;
      if (initial <= maximum) return undefined;
      return ['parameters', 'max-cpu-throttle'];
    },
  },
  {
    id: 'xbzrle-cache-is-a-power-of-two',
    reason: 'QEMU takes powers of two only, such as 64MiB or 128MiB',
    brokenAt: ({ parameters }) => {
      const size = parameters['xbzrle-cache-size'];
      if (typeof size !== 'number' || Number.isInteger(Math.log2(size))) return undefined;
      return ['parameters', 'xbzrle-cache-size'];
    },
  },
  ...modeRules,
  {
    id: 'recover-needs-a-link',
    reason: 'only a migration over the link can lose it: use "transport: tcp" or "transport: tls"',
    brokenAt: ({ postcopy, transport }) =>
      (postcopy?.recover ?? false) !== false && !['tcp', 'tls'].includes(transport)
        ? ['postcopy', 'recover']
        : undefined,
  },
  {
    id: 'postcopy-needs-capability',
    reason: 'a start of post-copy needs the capability: add "capabilities: { postcopy-ram: true }"',
    brokenAt: (subject) =>
      subject.postcopy !== undefined && !on(subject, 'postcopy-ram') ? ['postcopy'] : undefined,
  },
];

/** Major and minor of a version as one comparable number; unknown text counts as the newest. */
function versionNumber(version: string): number {
  const match = /(\d+)\.(\d+)/.exec(version);
  return match === null ? Infinity : Number(match[1]) * 1000 + Number(match[2]);
}

/** The rules that hold for a QEMU version such as `10.0.13`; without one, those that hold for every version. */
export function rulesForBuild(version?: string): readonly SettingRule[] {
  return settingRules.filter(
    ({ before }) =>
      before === undefined ||
      (version !== undefined && versionNumber(version) < versionNumber(before)),
  );
}

/** The rules that a setting breaks. */
export function checkRules(
  subject: RuleSubject,
  rules: readonly SettingRule[] = rulesForBuild(),
): RuleViolation[] {
  return rules.flatMap(({ id, reason, brokenAt }) => {
    const at = brokenAt(subject);
    return at === undefined ? [] : [{ id, reason, at }];
  });
}
