/**
 * What a valid plan may ask for and this program or host cannot do: refused before anything starts, never quietly
 * left out.
 */
import { MigbenchError } from './errors.ts';
import type { CellSpec, LinkShape, PlannedTrial } from './plan/types.ts';
import type { SandboxKind } from './sandbox/enter.ts';
import { shapeCommands } from './sandbox/link.ts';
import { run, type Program } from './sandbox/process.ts';
import { shellQuoted } from './sandbox/shell-quote.ts';

interface Gap {
  /** Where in the plan it is asked for. */
  readonly at: string;
  readonly isAsked: (spec: CellSpec) => boolean;
  readonly advice: string;
}

/** Parts of the plan format that no code stands behind yet. */
const gaps: readonly Gap[] = [
  {
    at: 'guest.image',
    isAsked: ({ guest }) => guest.image !== undefined && guest.image !== 'debian:bookworm',
    advice: 'the only guest image is debian:bookworm; leave it out',
  },
];

/** @throws MigbenchError `plan-invalid` that names every part of the plan that is not built. */
export function requireBuilt(trials: readonly PlannedTrial[]): void {
  const asked = gaps.flatMap(({ at, isAsked, advice }) => {
    const trial = trials.find(({ cell }) => isAsked(cell.spec));
    return trial === undefined ? [] : [`${at}: ${advice} (cell ${trial.cell.id})`];
  });
  if (asked.length > 0) throw new MigbenchError('plan-invalid', asked.join('\n'));
}

/**
 * A Unix socket or a pipe joins the two QEMUs directly, and a file is on the disk of both: none crosses the shaped link. In loopback mode
 * there is no such link; a bandwidth is a `max-bandwidth` there, whatever the transport.
 *
 * @throws MigbenchError `plan-invalid` where a link's shape would be on paper only.
 */
export function requireCrossing(trials: readonly PlannedTrial[], mode: SandboxKind['mode']): void {
  const beside = trials.find(
    ({ cell: { spec } }) =>
      mode === 'namespaces' &&
      ['unix', 'exec', 'file'].includes(spec.transport) &&
      isShaped(spec.link),
  );
  if (beside === undefined) return;
  throw new MigbenchError(
    'plan-invalid',
    `transport: ${beside.cell.spec.transport} does not cross the migration link, so that ${beside.cell.labels.link} would shape nothing ` +
      `(cell ${beside.cell.id}). Use transport: tcp, or a link of bandwidth: unlimited without delay, loss and competing ` +
      '(a rate can then be set with the parameter max-bandwidth).',
  );
}

function isShaped({ bandwidthBitsPerSecond, ...others }: LinkShape): boolean {
  return bandwidthBitsPerSecond !== 'unlimited' || Object.keys(others).length > 0;
}

const PROBE_TIMEOUT_MS = 10_000;

/**
 * Try every kind of link shape that these trials ask for in a throwaway namespace.
 *
 * @throws MigbenchError `host-unfit` where the kernel lacks a queue (delay and loss want sch_netem), or where there is
 *   no link to shape at all.
 */
export async function requireShaping(
  trials: readonly PlannedTrial[],
  kind: SandboxKind,
  tools: { readonly tc: Program } | undefined,
  signal: AbortSignal,
): Promise<void> {
  const delayed = trials.find(
    ({ cell: { spec } }) => spec.link.delayUs !== undefined || spec.link.lossPercent !== undefined,
  );
  if (kind.mode === 'loopback' || tools === undefined) {
    const shared = trials.find(({ cell }) => cell.spec.link.competingBitsPerSecond !== undefined);
    const impossible = delayed ?? shared;
    if (impossible === undefined) return;
    throw new MigbenchError(
      'host-unfit',
      `links: ${impossible.cell.labels.link} asks for delay, loss or competing, which needs namespaces: ${kind.notes.join(' ')}`,
    );
  }
  const limited = trials.find(({ cell }) => cell.spec.link.bandwidthBitsPerSecond !== 'unlimited');
  const shapes = [limited, delayed].flatMap((trial) => trial?.cell.spec.link ?? []);
  for (const link of shapes) {
    const commands = shapeCommands('lo', link).map((args) => quote(tools.tc, args));
    try {
      await run(kind.entrance, ['sh', '-c', commands.join(' && ')], {
        timeoutMs: PROBE_TIMEOUT_MS,
        signal,
        errorCode: 'host-unfit',
        ...(tools.tc.env === undefined ? {} : { env: tools.tc.env }),
      });
    } catch (error) {
      if (signal.aborted) throw error;
      const isDelayed = link.delayUs !== undefined || link.lossPercent !== undefined;
      throw new MigbenchError(
        'host-unfit',
        isDelayed
          ? 'links: this kernel cannot delay or lose packets: it lacks the module sch_netem. Leave out delay and loss, or run "modprobe sch_netem" as root where the kernel ships it.'
          : 'links: this kernel cannot shape a link: it lacks the module sch_tbf. Run "modprobe sch_tbf" as root, or use bandwidth: unlimited.',
        { cause: error },
      );
    }
  }
}

function quote(program: Program, args: readonly string[]): string {
  return [program.file, ...program.args, ...args].map(shellQuoted).join(' ');
}
