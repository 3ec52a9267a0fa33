/** The phases of a migration, from the events of both sides: a pure function of what was seen. */

/** One QMP event, reduced to what tells phases apart; `atMs` is ms since `migrate` was sent. */
export interface PhaseEvent {
  readonly side: 'source' | 'destination';
  readonly name: string;
  /** For MIGRATION: the status. */
  readonly status?: string;
  /** For MIGRATION_PASS: the number of the pass that begins. */
  readonly pass?: number;
  readonly atMs: number;
}

export interface Phase {
  /** `setup`, `pass N`, `switchover`, `postcopy`, `paused`, `aftermath`. */
  readonly name: string;
  readonly startMs: number;
  /** Absent where the phase had not ended when the observation did. */
  readonly endMs?: number;
}

/**
 * Phases in the order of their start. They may overlap: post-copy begins while the switchover is under way.
 *
 * The place of MIGRATION_PASS relative to STOP differs between builds; a pass that begins after STOP is part of the
 * switchover and not listed.
 */
export function phasesOf(events: readonly PhaseEvent[], endMs: number): readonly Phase[] {
  const at = (predicate: (event: PhaseEvent) => boolean): number | undefined =>
    events.find(predicate)?.atMs;
  const sourceStatus = (status: string) =>
    at((event) => event.side === 'source' && event.name === 'MIGRATION' && event.status === status);
  const activeMs = sourceStatus('active');
  const stopMs = at((event) => event.side === 'source' && event.name === 'STOP');
  const resumeMs = at((event) => event.side === 'destination' && event.name === 'RESUME');
  const postcopyMs = sourceStatus('postcopy-active');
  const overMs = sourceStatus('completed') ?? sourceStatus('failed') ?? sourceStatus('cancelled');
  const passes = events.filter(
    (event) =>
      event.side === 'source' &&
      event.name === 'MIGRATION_PASS' &&
      (stopMs === undefined || event.atMs < stopMs),
  );
  // QEMU 11.1 announces no first pass: it begins when the migration becomes active.
  const [first] = passes;
  if (activeMs !== undefined && first?.pass !== 1) {
    passes.unshift({
      side: 'source',
      name: 'MIGRATION_PASS',
      pass: 1,
      atMs: Math.min(activeMs, first?.atMs ?? activeMs),
    });
  }
  const firstMs = passes[0]?.atMs;
  const phases: Phase[] = [phase('setup', 0, firstMs)];
  passes.forEach((event, index) => {
    const next = passes[index + 1]?.atMs ?? stopMs ?? overMs;
    phases.push(phase(`pass ${event.pass ?? index + 1}`, event.atMs, next));
  });
  if (stopMs !== undefined) phases.push(phase('switchover', stopMs, resumeMs));
  if (postcopyMs !== undefined) phases.push(phase('postcopy', postcopyMs, overMs));
  phases.push(...pausesOf(events));
  const aftermathMs = resumeMs ?? overMs;
  if (aftermathMs !== undefined) phases.push(phase('aftermath', aftermathMs, endMs));
  return phases;
}

/** The stretches in which post-copy was paused, because its link was gone; they lie within `postcopy`. */
function pausesOf(events: readonly PhaseEvent[]): Phase[] {
  const source = events.filter(({ side, name }) => side === 'source' && name === 'MIGRATION');
  return source.flatMap(({ status, atMs }, index) => {
    if (status !== 'postcopy-paused') return [];
    const next = source
      .slice(index + 1)
      .find((event) => ['postcopy-active', 'completed', 'failed'].includes(event.status ?? ''));
    return [phase('paused', atMs, next?.atMs)];
  });
}

function phase(name: string, startMs: number, endMs: number | undefined): Phase {
  return { name, startMs, ...(endMs === undefined ? {} : { endMs }) };
}
