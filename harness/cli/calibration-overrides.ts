/** What the guests of a validation's calibration have to have in common with those of its plan. */
import { parsePlanText } from '../plan/source.ts';

/** Top-level values of a plan on which the costs of a migration depend beside its workload. */
const SHARED = ['guest', 'qemu', 'accelerator', 'pin'] as const;
const SHARED_OVERRIDE = new RegExp(`^(?:${SHARED.join('|')})\\b`, 'u');

/**
 * Overrides that give the calibration's plan the guests, builds, accelerator and processors of another one.
 *
 * @param planText of that plan, which is valid.
 * @param overrides of that plan; those of its workloads, links and settings are left out.
 */
export function calibrationOverrides(planText: string, overrides: readonly string[]): string[] {
  const { data } = parsePlanText(planText);
  const entries = Object.entries(data ?? {}).filter(([name]) =>
    (SHARED as readonly string[]).includes(name),
  );
  return [
    // JSON is YAML.
    ...entries.map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    ...overrides.filter((override) => SHARED_OVERRIDE.test(override)),
  ];
}
