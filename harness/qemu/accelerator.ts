/**
 * Which accelerator guests of a build get here: probed by booting the guest, not by the presence of /dev/kvm. There
 * are hosts where KVM opens and makes a machine, but the guest never gets anywhere.
 */
import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../debian/cache.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import type { GuestRecipe } from '../guest/recipe.ts';
import { startGuest, type Stage } from '../guest/start-guest.ts';
import { throwIfInterrupted } from '../deadline.ts';

/** A guest under KVM is up in a second or two; one that is not by then never will be. */
const BOOT_LIMIT_MS = 15_000;
/** The same on a host that is emulated itself, where nothing is up in a second or two, ms. */
const EMULATED_BOOT_LIMIT_MS = 120_000;

const choiceSchema = z.object({
  chosen: z.enum(['kvm', 'tcg']),
  /** CPU model to use where the plan names none; absent = the usual one. */
  cpu: z.string().optional(),
  /** Why KVM was not used. */
  reason: z.string().optional(),
});

export type AcceleratorChoice = z.infer<typeof choiceSchema>;

/** What of a guest a probe of KVM goes by; the rest is its own. */
export type ProbedGuest = Omit<GuestRecipe, 'accelerator' | 'cpu' | 'machineType' | 'shape'>;

/**
 * Choose the accelerator for a recipe's build.
 *
 * @param cache folder in which the answer is kept per build and boot of this host.
 * @throws MigbenchError `host-unfit` where the plan insists on KVM and it does not work, saying why.
 */
export async function chooseAccelerator(
  requested: 'auto' | 'kvm' | 'tcg',
  stage: Stage,
  recipe: ProbedGuest,
  folder: string,
  cache: string,
): Promise<AcceleratorChoice> {
  if (requested === 'tcg') return { chosen: 'tcg', reason: 'the plan says accelerator: tcg' };
  const choice = await cachedProbe(stage, recipe, folder, cache);
  if (requested === 'kvm' && choice.chosen !== 'kvm') {
    throw new MigbenchError(
      'host-unfit',
      `The plan says accelerator: kvm, but KVM does not work here: ${choice.reason ?? 'unknown reason'}. ` +
        'Use accelerator: auto to fall back to TCG.',
    );
  }
  return choice;
}

async function cachedProbe(
  stage: Stage,
  recipe: ProbedGuest,
  folder: string,
  cache: string,
): Promise<AcceleratorChoice> {
  const refusal = await deviceRefusal();
  if (refusal !== undefined) return { chosen: 'tcg', reason: refusal };
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const path = join(cache, `${recipe.build.sha256.slice(0, 16)}-${bootId}.json`);
  return rememberedChoice(path, () =>
    firstCpuThatBoots((cpu) => bootUnderKvm(stage, { ...probeRecipe(recipe), cpu }, folder)),
  );
}

/** What a probe found, and whether another would find the same until this host boots again. */
export interface Verdict {
  readonly choice: AcceleratorChoice;
  readonly isFinal: boolean;
}

/** The choice in a file, else that of a probe, which is kept there where it is final and the cache can be written. */
export async function rememberedChoice(
  path: string,
  probe: () => Promise<Verdict>,
): Promise<AcceleratorChoice> {
  const known = choiceSchema.safeParse(
    await readFile(path, 'utf8')
      .then((text): unknown => JSON.parse(text))
      .catch(() => undefined),
  );
  if (known.success) return named(known.data, path);
  const { choice, isFinal } = await probe();
  if (!isFinal) return choice;
  const isKept = await mkdir(dirname(path), { recursive: true })
    .then(() => replaceFile(path, JSON.stringify(choice)))
    .then(
      () => true,
      () => false,
    );
  return isKept ? named(choice, path) : choice;
}

/** A verdict against KVM, with the way to have it looked at again. */
function named(choice: AcceleratorChoice, path: string): AcceleratorChoice {
  if (choice.reason === undefined) return choice;
  const note = `remembered until this host boots again; to try again, delete ${path}`;
  return { ...choice, reason: `${choice.reason} (${note})` };
}

/** The guest of the probe: small and the same for every plan, so that only KVM itself can be in its way. */
export function probeRecipe(recipe: ProbedGuest): GuestRecipe {
  return {
    ...recipe,
    // This build's own newest; no other build has to know it.
    machineType: recipe.build.machineType,
    accelerator: 'kvm',
    cpu: 'host',
    shape: { memoryBytes: 256 * 1024 * 1024, vcpus: 1, backend: 'ram' },
  };
}

async function deviceRefusal(): Promise<string | undefined> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return missing
      ? 'this host has no /dev/kvm (no virtualization, or the kvm module is not loaded)'
      : 'this user may not open /dev/kvm; add the user to the group kvm';
  }
}

/**
 * Boot with the host's own CPU model; where this host's KVM refuses the register that lists hardware flaws
 * (IA32_ARCH_CAPABILITIES, 0x10a), at which QEMU aborts, without that register. Seen in virtual machines.
 */
export async function firstCpuThatBoots(boot: (cpu: string) => Promise<Verdict>): Promise<Verdict> {
  const plain = await boot('host');
  const why = plain.choice.reason;
  if (why === undefined || !/failed to set MSR 0x10a\b/u.test(why)) return plain;
  const cpu = 'host,arch-capabilities=off';
  const { choice, isFinal } = await boot(cpu);
  if (choice.chosen === 'kvm') return { choice: { ...choice, cpu }, isFinal };
  return {
    choice: { ...choice, reason: `${why} With -cpu ${cpu}: ${choice.reason ?? 'unknown reason'}` },
    isFinal,
  };
}

/** How long a guest may take until it is heard, by the name of this host's processor, ms. */
export function bootLimitMs(model: string): number {
  return model.startsWith('QEMU TCG') ? EMULATED_BOOT_LIMIT_MS : BOOT_LIMIT_MS;
}

async function bootUnderKvm(stage: Stage, recipe: GuestRecipe, folder: string): Promise<Verdict> {
  const against = (why: string, isFinal: boolean): Verdict => ({
    choice: { chosen: 'tcg', reason: `a guest did not come up under KVM: ${why}` },
    isFinal,
  });
  const gone = new AbortController();
  try {
    await using guest = (
      await startGuest(stage, {
        recipe,
        host: stage.sandbox.source,
        build: recipe.build,
        incoming: 'none',
        folder,
      })
    ).machine;
    const ended = (): MigbenchError =>
      new MigbenchError('guest', `QEMU ended under KVM.${guest.ownWords}`);
    void guest.process.exited.then(() => gone.abort(ended()));
    try {
      await stage.telemetry.beginSession({
        timeoutMs: bootLimitMs(cpus()[0]?.model ?? ''),
        signal: AbortSignal.any([stage.signal, gone.signal]),
      });
      return { choice: { chosen: 'kvm' }, isFinal: true };
    } catch (error) {
      throwIfInterrupted(stage.signal);
      if (gone.signal.aborted) return against(messageOf(gone.signal.reason), true);
      return against(`${messageOf(error)}${guest.ownWords}`, true);
    }
  } catch (error) {
    throwIfInterrupted(stage.signal);
    // QEMU's own refusal is final. Anything else (a slow start, a full disk) says nothing of KVM.
    return against(messageOf(error), error instanceof MigbenchError && error.code === 'host-unfit');
  }
}

/**
 * The CPU model where the plan names none: under KVM the one that the probe booted (the host's own before a probe);
 * under TCG the one with the fewest surprises.
 */
export function defaultCpu(accelerator: 'kvm' | 'tcg', probed?: string): string {
  return accelerator === 'kvm' ? (probed ?? 'host') : 'qemu64';
}
