/**
 * The dirty curve as QEMU itself measures it: calc-dirty-rate, in every mode that the build has. Rates come in whole
 * MiB/s, over whole seconds on builds without `calc-time-unit`.
 */
import { poll } from '../../deadline.ts';
import { MigbenchError, messageOf } from '../../errors.ts';

import { commandArguments, QmpCommandError, type CalcDirtyRateArguments } from '../../qmp/index.ts';
import type { Machine } from '../../qemu/machine.ts';

type Mode = NonNullable<CalcDirtyRateArguments['mode']>;

export interface DirtyRateReading {
  readonly mode: Mode;
  readonly windowMs: number;
  readonly uniqueDirtyBytes: number;
}

export interface DirtyRateResult {
  readonly readings: readonly DirtyRateReading[];
  /** Modes that the build or this guest does not offer, with QEMU's own words. */
  readonly refused: readonly { readonly mode: Mode; readonly why: string }[];
}

/** The most that QEMU takes, pages per GiB: small guests need them all. */
const SAMPLE_PAGES = 16_384;
/** Windows and how often, ms: the first only where the build knows milliseconds. */
const WINDOWS_MS = [250, 1_000, 4_000] as const;
const REPETITIONS = 2;
const POLL_INTERVAL_MS = 20;
/** A measurement takes its window and the reading of the samples, ms. */
const GRACE_MS = 30_000;
const MIB = 1024 * 1024;

const NOT_UNDER_TCG =
  'not asked under TCG: the dirty modes count what KVM logs (QEMU 10.0 gives 0, QEMU 7.2 breaks off)';

/**
 * Measure with every mode in turn. A QEMU that refuses a mode, or breaks off at it, costs that mode: this is a
 * cross-check, and comes last.
 *
 * @throws MigbenchError `interrupted`.
 */
export async function calcDirtyRates(
  machine: Machine,
  accelerator: 'kvm' | 'tcg',
  signal: AbortSignal,
): Promise<DirtyRateResult> {
  const { qmp } = machine;
  const known = commandArguments(await qmp.execute('query-qmp-schema'), 'calc-dirty-rate');
  if (known === undefined) {
    return { readings: [], refused: [{ mode: 'page-sampling', why: 'no calc-dirty-rate' }] };
  }
  const modes = (known['mode']?.values ?? ['page-sampling']) as readonly Mode[];
  const readings: DirtyRateReading[] = [];
  const refused: { mode: Mode; why: string }[] = [];
  for (const mode of modes) {
    if (mode !== 'page-sampling' && accelerator === 'tcg') {
      refused.push({ mode, why: NOT_UNDER_TCG });
      continue;
    }
    try {
      for (const windowMs of WINDOWS_MS) {
        if (windowMs % 1000 !== 0 && known['calc-time-unit'] === undefined) continue;
        for (let turn = 0; turn < REPETITIONS; turn += 1) {
          const args = argumentsFor(mode, windowMs, known);
          readings.push({
            mode,
            windowMs,
            uniqueDirtyBytes: await measure(machine, args, windowMs, signal),
          });
        }
      }
    } catch (error) {
      if (error instanceof QmpCommandError) refused.push({ mode, why: error.description });
      else if (machine.process.exit !== undefined || isBroken(error)) {
        refused.push({ mode, why: `QEMU broke off: ${messageOf(error)}` });
        break;
      } else throw error;
    }
  }
  return { readings, refused };
}

function isBroken(error: unknown): boolean {
  return error instanceof MigbenchError && ['qmp-closed', 'qmp-timeout'].includes(error.code);
}

function argumentsFor(
  mode: Mode,
  windowMs: number,
  known: Readonly<Record<string, unknown>>,
): CalcDirtyRateArguments {
  const inMs = known['calc-time-unit'] !== undefined;
  return {
    'calc-time': inMs ? windowMs : windowMs / 1000,
    ...(inMs ? { 'calc-time-unit': 'millisecond' as const } : {}),
    ...(known['mode'] === undefined ? {} : { mode }),
    ...(mode === 'page-sampling' && known['sample-pages'] !== undefined
      ? { 'sample-pages': SAMPLE_PAGES }
      : {}),
  };
}

async function measure(
  { qmp }: Machine,
  args: CalcDirtyRateArguments,
  windowMs: number,
  signal: AbortSignal,
): Promise<number> {
  await qmp.execute('calc-dirty-rate', args);
  const rate = await poll(
    async () => {
      const reply = await qmp.execute('query-dirty-rate');
      return reply.status === 'measured' ? reply['dirty-rate'] : undefined;
    },
    {
      intervalMs: POLL_INTERVAL_MS,
      timeoutMs: windowMs + GRACE_MS,
      signal,
      late: () =>
        new MigbenchError(
          'qmp-timeout',
          `calc-dirty-rate over ${windowMs} ms gave no answer in time`,
        ),
    },
  );
  return (rate * MIB * windowMs) / 1000;
}
