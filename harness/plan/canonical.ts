/** The canonical form of cells and plans: what makes two of them the same. */
import { createHash } from 'node:crypto';
import type { Cell, CellSpec, ResolvedPlan } from './types.ts';

/** JSON with sorted keys and without absent values: equal values give equal texts, whatever their key order. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`${value} has no canonical form`);
  return JSON.stringify(value ?? null);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A cell without the places of a user's workload and credentials; what is in them counts by its digest. */
function withoutPlace(spec: CellSpec): CellSpec {
  const { path: _, ...workload } = spec.workload;
  if (spec.tls === undefined) return { ...spec, workload };
  const { directory: _directory, ...tls } = spec.tls;
  return { ...spec, workload, tls };
}

/** SHA-256 (hex) of everything that can change a cell's measurements, and of nothing else. */
export const cellHash = (spec: CellSpec): string => sha256(canonicalJson(withoutPlace(spec)));

/** SHA-256 (hex) of a resolved plan: two plans with the same hash run the same trials in the same order. */
export const planHash = (plan: ResolvedPlan): string =>
  sha256(
    canonicalJson({
      ...plan,
      cells: plan.cells.map((cell) => ({ ...cell, spec: withoutPlace(cell.spec) })),
    }),
  );

/** A dimension that `compare` can leave out when it pairs cells. */
export type CellDimension =
  'workload' | 'setting' | 'link' | 'guest' | 'qemu' | 'transport' | 'accelerator';

/** The members of a cell that belong to each dimension. */
const MEMBERS: Readonly<Record<CellDimension, readonly (keyof CellSpec)[]>> = {
  workload: ['workload'],
  setting: ['capabilities', 'parameters', 'postcopy', 'probes'],
  link: ['link'],
  guest: ['guest'],
  qemu: ['qemu'],
  transport: ['transport', 'tls'],
  accelerator: ['accelerator'],
};

/** The canonical form of a cell without one dimension: equal for cells that differ in that dimension alone. */
export function cellKeyWithout(cell: Pick<Cell, 'spec'>, dimension: CellDimension): string {
  const left = new Set<string>(MEMBERS[dimension]);
  return canonicalJson(
    Object.fromEntries(
      Object.entries(withoutPlace(cell.spec)).filter(([member]) => !left.has(member)),
    ),
  );
}
