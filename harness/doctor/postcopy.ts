/** Whether post-copy can work here: userfaultfd must be allowed for QEMU's process. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { ok, warn, type Finding } from './finding.ts';

const SYSCTL = '/proc/sys/vm/unprivileged_userfaultfd';
const DEVICE = '/dev/userfaultfd';

/** What the kernel and this user bring for post-copy. */
export interface UserfaultfdFacts {
  /** QEMU runs with root's rights in the initial user namespace. */
  readonly privileged: boolean;
  /** The kernel has userfaultfd at all. */
  readonly inKernel: boolean;
  /** vm.unprivileged_userfaultfd is 1. */
  readonly unprivileged: boolean;
  readonly device: 'absent' | 'refused' | 'open';
}

function deviceState(): UserfaultfdFacts['device'] {
  if (!existsSync(DEVICE)) return 'absent';
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
    return 'open';
  } catch {
    return 'refused';
  }
}

export function userfaultfdFacts(entersUserNamespace: boolean): UserfaultfdFacts {
  let sysctl: string | undefined;
  try {
    sysctl = readFileSync(SYSCTL, 'utf8').trim();
  } catch {
    // A kernel without userfaultfd, or a container that hides the file.
  }
  return {
    privileged: process.getuid?.() === 0 && !entersUserNamespace,
    inKernel: sysctl !== undefined,
    unprivileged: sysctl === '1',
    device: deviceState(),
  };
}

const NAME = 'post-copy';

export function checkPostcopy(facts: UserfaultfdFacts): Finding {
  const allow =
    'As root: sysctl vm.unprivileged_userfaultfd=1 (for every QEMU)' +
    (facts.device === 'absent'
      ? ''
      : `, or chmod 0666 ${DEVICE} (for newer QEMU builds: 10.0 opens it, 7.2 does not)`) +
    '; or run migbench as root. Until then post-copy cells are skipped.';
  if (!facts.inKernel) {
    return warn(
      NAME,
      `there is no ${SYSCTL}: this kernel has no userfaultfd`,
      'Use a kernel with CONFIG_USERFAULTFD; until then post-copy cells are skipped.',
    );
  }
  if (facts.privileged) return ok(NAME, 'userfaultfd is allowed for root');
  if (facts.unprivileged)
    return ok(NAME, 'userfaultfd is allowed for all users (vm.unprivileged_userfaultfd=1)');
  if (facts.device === 'open') {
    return warn(
      NAME,
      `userfaultfd is allowed by ${DEVICE} only: enough for newer QEMU builds (10.0 opens it), refused to older builds (7.2)`,
      'As root, for older builds: sysctl vm.unprivileged_userfaultfd=1; or run migbench as root.',
    );
  }
  return warn(NAME, 'userfaultfd is not allowed for this user', allow);
}
