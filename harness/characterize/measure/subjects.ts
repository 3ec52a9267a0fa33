/** What is characterized: the distinct guests of a plan, each with the cell that it comes from. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../plan/canonical.ts';
import type { Cell, CellSpec, GuestShape } from '../../plan/types.ts';

export interface Subject {
  /** Workload, guest and build in words; the name of its folder where there are several. */
  readonly name: string;
  readonly cell: Cell;
  /** The plan's guest, with memory that can be read from outside. */
  readonly shape: GuestShape;
}

/** One per workload, guest, source build and accelerator: links and settings do not matter before a migration. */
export function subjectsOf(cells: readonly Cell[]): Subject[] {
  const subjects = new Map<string, Subject>();
  for (const cell of cells) {
    const key = createHash('sha256')
      .update(canonicalJson(guestOf(cell.spec)))
      .digest('hex');
    if (subjects.has(key)) continue;
    const { workload, guest } = cell.labels;
    const build = cell.spec.qemu.source.replaceAll(/[^\w.-]+/gu, '-');
    const name = [workload, guest, build].join('--').replaceAll(/[^\w.+=-]+/gu, '-');
    subjects.set(key, { name, cell, shape: readable(cell.spec.guest) });
  }
  return [...subjects.values()];
}

function guestOf({ workload, guest, accelerator, qemu }: CellSpec) {
  const { path: _path, ...own } = workload;
  return { workload: own, guest, accelerator, source: qemu.source };
}

function readable(shape: GuestShape): GuestShape {
  return shape.backend === 'ram' ? { ...shape, backend: 'memfd' } : shape;
}
