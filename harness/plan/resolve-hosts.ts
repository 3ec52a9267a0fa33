/** The guests, links and QEMU builds of a plan, as shapes in base units with labels. */
import { resolve } from 'node:path';
import { distinct, guestLabel, linkLabel, qemuLabel } from './labels.ts';
import { nearestName } from './nearest.ts';
import type { PlanPath, PlanProblem } from './problems.ts';
import type { PlanFile } from './schema.ts';
import type { CellSpec, GuestShape, LinkShape } from './types.ts';

/** One entry of a dimension. */
export interface ResolvedEntry<Value> {
  readonly label: string;
  readonly path: PlanPath;
  readonly value: Value;
  /** Other names by which `exclude` and `include` may call it. */
  readonly names?: readonly string[];
}

/** Guest memory is made of pages. */
const PAGE_BYTES = 4096;
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;

function labelled<Value>(
  entries: readonly { readonly path: PlanPath; readonly value: Value; names?: readonly string[] }[],
  label: (value: Value) => string,
): ResolvedEntry<Value>[] {
  const labels = distinct(entries.map(({ value }) => label(value)));
  return entries.map((entry, index) => ({ ...entry, label: labels[index] ?? '' }));
}

/** Resolves `guest`, one or a list. */
export function resolveGuests(
  written: PlanFile['guest'],
  indices: readonly number[],
  problems: PlanProblem[],
): ResolvedEntry<GuestShape>[] {
  const isList = Array.isArray(written);
  const entries = (isList ? written : [written]).map(({ memory, ...shape }, position) => {
    const path: PlanPath = isList ? ['guest', indices[position] ?? position] : ['guest'];
    const page = shape.backend === 'hugepages' ? HUGE_PAGE_BYTES : PAGE_BYTES;
    if (memory % page !== 0)
      problems.push({
        path: [...path, 'memory'],
        reason: `memory must be a multiple of the ${page / 1024}KiB page`,
        suggestion: `${Math.max(1, Math.round(memory / 2 ** 20 / 2) * 2)}MiB`,
      });
    const { vcpus, backend, machine, cpu, image, storage, 'dirty-ring': dirtyRing } = shape;
    const value: GuestShape = {
      memoryBytes: memory,
      vcpus,
      backend,
      ...(machine === undefined ? {} : { machine }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(dirtyRing === undefined ? {} : { dirtyRing }),
      ...(storage === 'mirror' ? { storage } : {}),
      ...(image === undefined ? {} : { image }),
    };
    return { path, value };
  });
  return labelled(entries, guestLabel);
}

/** Resolves `links`. A delay or loss of zero is none. */
export function resolveLinks(
  written: PlanFile['links'],
  indices: readonly number[],
): ResolvedEntry<LinkShape>[] {
  const entries = written.map(({ bandwidth, delay = 0, loss = 0, competing }, position) => ({
    path: ['links', indices[position] ?? position],
    value: {
      bandwidthBitsPerSecond: bandwidth,
      ...(delay === 0 ? {} : { delayUs: Math.round(delay * 1000) }),
      ...(loss === 0 ? {} : { lossPercent: loss }),
      ...(competing === undefined ? {} : { competingBitsPerSecond: competing }),
    },
  }));
  return labelled(entries, linkLabel);
}

/** A build reference in its full form, or why it is not one. */
function buildReference(text: string, directory: string): string | Omit<PlanProblem, 'path'> {
  if (text === 'system' || /^debian:[a-z][a-z-]*(=[\w.+:~-]+)?$/.test(text)) return text;
  const file = /^path:(.+)$/.exec(text)?.[1];
  if (file !== undefined) return `path:${resolve(directory, file)}`;
  const kind = /^[^:]*/.exec(text)?.[0] ?? '';
  const nearestKind = nearestName(kind, ['system', 'debian', 'path']);
  const suggestion =
    nearestKind === 'system'
      ? 'system'
      : nearestKind !== undefined && kind !== nearestKind
        ? text.replace(kind, nearestKind)
        : text.startsWith('/') || text.startsWith('.')
          ? `path:${text}`
          : /^[a-z]+(-[a-z]+)*$/.test(text)
            ? `debian:${text}`
            : undefined;
  return {
    reason: `"${text}" is not a QEMU build: expected system, debian:SUITE[=VERSION] or path:FILE`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Resolves `qemu`. Paths are relative to the plan's directory. */
export function resolveQemu(
  written: PlanFile['qemu'],
  indices: readonly number[],
  directory: string,
  problems: PlanProblem[],
): ResolvedEntry<CellSpec['qemu']>[] {
  const entries = written.flatMap((entry, position) => {
    const path: PlanPath = ['qemu', indices[position] ?? position];
    const reference = (text: string, at: PlanPath): string => {
      const result = buildReference(text, directory);
      if (typeof result === 'string') return result;
      problems.push({ path: at, ...result });
      return text;
    };
    const before = problems.length;
    const value =
      typeof entry === 'string'
        ? { source: entry, destination: entry }
        : { source: entry.source, destination: entry.destination };
    const source = reference(value.source, typeof entry === 'string' ? path : [...path, 'source']);
    const destination =
      typeof entry === 'string' ? source : reference(value.destination, [...path, 'destination']);
    if (problems.length > before) return [];
    const names = source === destination ? [source] : [];
    return [{ path, value: { source, destination }, names }];
  });
  return labelled(entries, qemuLabel);
}
