/** What can only be seen in a cell: a guest too small for its workload, a setting that its guest does not allow. */
import { formatExact } from '../units.ts';
import type { ExpandedCell } from './expand.ts';
import type { PlanProblem } from './problems.ts';
import { checkRules, rulesForBuild } from './rules.ts';

function memoryProblem({ workload, guest }: ExpandedCell['point']): PlanProblem | undefined {
  const needed = workload.definition.minimumGuestMemoryBytes(workload.value.parameters);
  if (guest.value.memoryBytes >= needed) return undefined;
  const whole = Math.ceil(needed / 2 ** 20) * 2 ** 20;
  return {
    path: [...guest.path, 'memory'],
    reason:
      `${formatExact(guest.value.memoryBytes, 'bytes')} is too small for the workload ` +
      `"${workload.label}", which needs at least ${formatExact(whole, 'bytes')}`,
  };
}

function ringProblem({ guest }: ExpandedCell['point'], cell: ExpandedCell['cell']) {
  if (guest.value.dirtyRing === undefined || cell.spec.accelerator !== 'tcg') return undefined;
  const reason = 'the dirty ring is KVM’s: it is impossible with "accelerator: tcg"';
  return { path: [...guest.path, 'dirty-ring'], atKey: true, reason };
}

function diskProblem({ workload, guest }: ExpandedCell['point']): PlanProblem | undefined {
  if (guest.value.storage !== 'mirror') return undefined;
  if (workload.definition.disk?.(workload.value.parameters) !== undefined) return undefined;
  const reason =
    `the workload "${workload.label}" has no disk to mirror: exclude it with this guest, or give it one ` +
    '(the database has one with "data: disk")';
  return { path: [...guest.path, 'storage'], reason };
}

/** Problems of the cells of a plan, each pair of entries once. */
export function checkCells(cells: readonly ExpandedCell[]): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const seen = new Set<string>();
  const isNew = (...parts: string[]): boolean => {
    const key = parts.join('\n');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
  const rules = rulesForBuild();
  for (const { cell, point } of cells) {
    const { workload, setting, guest } = point;
    if (isNew('memory', workload.label, guest.label)) {
      const problem = memoryProblem(point);
      if (problem !== undefined) problems.push(problem);
    }
    if (isNew('disk', workload.label, guest.label)) {
      const problem = diskProblem(point);
      if (problem !== undefined) problems.push(problem);
    }
    if (isNew('ring', guest.label)) {
      const problem = ringProblem(point, cell);
      if (problem !== undefined) problems.push(problem);
    }
    if (!isNew('rules', setting.label, guest.label)) continue;
    const { guest: shape, ...withoutGuest } = cell.spec;
    const known = new Set(checkRules(withoutGuest, rules).map(({ id }) => id));
    for (const { id, reason, at } of checkRules({ ...withoutGuest, guest: shape }, rules))
      if (!known.has(id)) problems.push({ path: [...setting.path, ...at], atKey: true, reason });
  }
  return problems;
}
