/** From a plan file to a resolved plan, or to one error that holds everything that is wrong with it. */
import { basename, dirname, extname, resolve } from 'node:path';
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { MigbenchError } from '../errors.ts';
import { checkCells } from './check-cells.ts';
import { checkSize, expand, type ExpandedCell, type Matrix } from './expand.ts';
import { problemsOf } from './issues.ts';
import {
  applyOverride,
  overrideAt,
  overrideIn,
  parseOverride,
  type Override,
} from './overrides.ts';
import {
  planInvalid,
  renderProblem,
  sentenceOf,
  type PlanLocation,
  type PlanProblem,
} from './problems.ts';
import { resolveGuests, resolveLinks, resolveQemu } from './resolve-hosts.ts';
import { probesOf, repeated, resolveSettings } from './resolve-settings.ts';
import { resolveWorkloads, type WorkloadLookup } from './resolve-workloads.ts';
import { salvage } from './salvage.ts';
import { planSchema, type PlanFile } from './schema.ts';
import { parsePlanText, readPlanText, type PlanSource } from './source.ts';
import type { ResolvedPlan, CellSpec } from './types.ts';

/** What to load. */
export interface LoadRequest {
  /** The plan file, as the user named it. */
  readonly file: string;
  /** Its text, where it was read already. */
  readonly text?: string;
  /** `--set` arguments, in order. */
  readonly overrides?: readonly string[];
  readonly workloads: WorkloadLookup;
  /** What is wrong with a threshold; absent = thresholds are not looked at. */
  readonly checkThreshold?: (
    text: string,
  ) => { readonly reason: string; readonly suggestion?: string } | undefined;
  /** What relative paths in the plan are relative to; absent = the file's directory. */
  readonly directory?: string;
}

/** A plan that can be run. */
export interface LoadedPlan {
  readonly plan: ResolvedPlan;
  /** The text of the file, as it goes into the run directory. */
  readonly text: string;
  /** The definitions of all workloads of the plan, by `spec.workload.path ?? spec.workload.id`. */
  readonly definitions: ReadonlyMap<string, WorkloadDefinition>;
  /** Ready to print. */
  readonly warnings: readonly string[];
}

/** The schema's view of a plan, and where the entries of its lists stand in the file. */
interface Validated {
  readonly parsed: { readonly [Key in keyof PlanFile]?: PlanFile[Key] | undefined };
  readonly indices: Readonly<Record<string, readonly number[]>>;
}

function validate(data: unknown, problems: PlanProblem[]): Validated {
  const result = planSchema.safeParse(data);
  if (result.success) return { parsed: result.data, indices: {} };
  const found = problemsOf(result.error.issues, data);
  problems.push(...found);
  const rest = salvage(
    data,
    found
      .filter(({ missingKey, path }) => missingKey === undefined || path.length > 0)
      .map(({ path }) => path),
  );
  if (rest === undefined) return { parsed: {}, indices: {} };
  const partial = planSchema.partial().safeParse(rest.data);
  return partial.success
    ? { parsed: partial.data, indices: rest.indices }
    : { parsed: {}, indices: {} };
}

/** Everything after the schema. What is missing in an invalid plan is left out of the checks. */
async function build(
  { parsed, indices }: Validated,
  request: LoadRequest,
  problems: PlanProblem[],
  warnings: PlanProblem[],
): Promise<{ cells: ExpandedCell[]; definitions: Map<string, WorkloadDefinition> }> {
  const directory = request.directory ?? dirname(resolve(request.file));
  const { guest, links = [], qemu = [], settings = {}, windows } = parsed;
  const probes = probesOf(parsed.probes);
  const { transport = 'tcp', accelerator = 'auto', parameters = {}, deadline = 1 } = parsed;
  const { exclude = [], include = [], repetitions = 1 } = parsed;
  const size = checkSize(
    {
      workloads: parsed.workloads?.length ?? 1,
      settings: Object.keys(settings).length,
      links: links.length,
      guests: Array.isArray(guest) ? guest.length : 1,
      'QEMU pairs': qemu.length,
    },
    repetitions,
  );
  if (size !== undefined) problems.push(size);
  if (parsed.tls !== undefined && !usesTls(transport, settings))
    problems.push({ path: ['tls'], atKey: true, reason: 'has no effect without "transport: tls"' });
  if (windows !== undefined && windows['settle-limit'] < windows.settle)
    problems.push({
      path: ['windows', 'settle-limit'],
      reason: 'settle-limit must not be shorter than settle',
    });
  for (const [at, text] of (parsed.thresholds ?? []).entries()) {
    const problem = request.checkThreshold?.(text);
    const path = ['thresholds', indices['thresholds']?.[at] ?? at];
    if (problem !== undefined) problems.push({ path, ...problem });
  }
  const matrix: Matrix = {
    workloads: await resolveWorkloads(
      parsed.workloads ?? [],
      indices['workloads'] ?? [],
      request.workloads,
      directory,
      problems,
    ),
    settings: await resolveSettings(
      {
        ...{ settings, parameters, transport, tls: parsed.tls, directory, accelerator, probes },
        deadline: parsed.deadline,
      },
      problems,
      warnings,
    ),
    links: resolveLinks(links, indices['links'] ?? []),
    guests: guest === undefined ? [] : resolveGuests(guest, indices['guest'] ?? [], problems),
    qemu: resolveQemu(qemu, indices['qemu'] ?? [], directory, problems),
    common: {
      accelerator,
      deadlineMs: deadline,
      ...pinningOf(parsed.pin),
      windows: {
        baselineMs: windows?.baseline ?? 0,
        settleMs: windows?.settle ?? 0,
        settleLimitMs: windows?.['settle-limit'] ?? 0,
      },
      probes,
    },
  };
  for (const entries of [
    matrix.workloads,
    matrix.settings,
    matrix.links,
    matrix.guests,
    matrix.qemu,
  ])
    problems.push(...repeated(entries));
  const definitions = new Map(
    matrix.workloads.map(({ value, definition }) => [value.path ?? value.id, definition]),
  );
  if (size !== undefined) return { cells: [], definitions };
  const cells = expand(matrix, { exclude, include }, problems, warnings);
  problems.push(...checkCells(cells));
  return { cells, definitions };
}

/** Where a problem is shown: the flag that set the value, else the place in the file. */
function locationOf(
  problem: PlanProblem,
  source: PlanSource,
  overrides: readonly Override[],
): PlanLocation {
  const override =
    overrideAt(overrides, problem.path) ??
    (source.has(problem.path) ? undefined : overrideIn(overrides, problem.path));
  const flag = override?.flag;
  return flag === undefined
    ? { kind: 'file', range: source.locate(problem.path, problem.atKey === true) }
    : { kind: 'flag', flag };
}

/** Order of problems: as in the file, then those of flags. */
function compareOffsets(a: PlanLocation, b: PlanLocation): number {
  const offset = (location: PlanLocation): number =>
    location.kind === 'file' ? location.range.start : Number.MAX_SAFE_INTEGER;
  return offset(a) - offset(b);
}

/** Applies all `--set` flags that can be applied, and says what is wrong with the others. */
function applyOverrides(written: unknown, flags: readonly string[]) {
  let data = written;
  const overrides: Override[] = [];
  const refused: string[] = [];
  for (const flag of flags) {
    try {
      const parsed = parseOverride(flag);
      data = applyOverride(data, parsed);
      overrides.push(parsed);
    } catch (error) {
      if (!(error instanceof MigbenchError)) throw error;
      refused.push(error.message);
    }
  }
  return { data, overrides, refused };
}

/** The plan's name where it gives none. */
const nameFromFile = (file: string): string =>
  basename(file, extname(file))
    .replaceAll(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64) || 'plan';

/**
 * Loads a plan: reads, applies overrides, validates, resolves and expands it. Rejects with one `plan-invalid`
 * whose message lists every problem as `file:line:column: reason` with the line and a caret below.
 */
export async function loadPlan(request: LoadRequest): Promise<LoadedPlan> {
  const { file } = request;
  const text = request.text ?? (await readPlanText(file));
  const source = parsePlanText(text);
  const faults = source.faults.map(({ range, sentence }) =>
    renderProblem(file, text, sentence, { kind: 'file', range }),
  );
  if (source.data === undefined && faults.length > 0) throw planInvalid(faults, file);
  if (source.data === null || source.data === undefined)
    throw planInvalid(
      [`${file}:1:1: the plan is empty; it needs at least guest, workloads, links and settings`],
      file,
    );
  const problems: PlanProblem[] = [];
  const warnings: PlanProblem[] = [];
  const { data, overrides, refused } = applyOverrides(source.data, request.overrides ?? []);
  const validated = validate(data, problems);
  const { cells, definitions } = await build(validated, request, problems, warnings);
  const place = (problem: PlanProblem) => ({
    location: locationOf(problem, source, overrides),
    sentence: sentenceOf(problem),
  });
  const render = ({ location, sentence }: ReturnType<typeof place>): string =>
    renderProblem(file, text, sentence, location);
  const inOrder = problems.map(place).sort((a, b) => compareOffsets(a.location, b.location));
  const rendered = [...new Set([...faults, ...inOrder.map(render), ...refused])];
  if (rendered.length > 0) throw planInvalid(rendered, file);
  const {
    name = nameFromFile(file),
    repetitions = 1,
    seed = 1,
    thresholds = [],
  } = validated.parsed;
  return {
    plan: {
      schemaVersion: 1,
      name,
      cells: cells.map(({ cell }) => cell),
      repetitions,
      seed,
      thresholds,
    },
    text,
    definitions,
    warnings: warnings.map(place).map(render),
  };
}

function usesTls(transport: string, settings: Partial<PlanFile>['settings']): boolean {
  return [transport, ...Object.values(settings ?? {}).map((one) => one?.transport)].includes('tls');
}

/** Only what the plan names: an absent member stays out of the cell's canonical form. */
function pinningOf(pin: Partial<PlanFile>['pin']): Pick<CellSpec, 'pin'> {
  const named = Object.entries(pin ?? {}).filter(([, processors]) => processors !== undefined);
  return named.length === 0 ? {} : { pin: Object.fromEntries(named) };
}
