/** What a QEMU says of itself, and its binary's hash: asked once per file, then remembered; of a script, every time. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { replaceFile, type CacheLayout } from '../../debian/cache.ts';
import { executableKind } from '../../debian/elf.ts';
import { MigbenchError, messageOf } from '../../errors.ts';
import { run, type Program } from '../../sandbox/process.ts';
import { machineTypeIn } from '../machine-type.ts';

/** Facts about one emulator binary. */
export interface BuildFacts {
  /** `10.0.13` */
  readonly version: string;
  /** What the vendor calls it: `Debian 1:10.0.13+ds-0+deb13u1`; empty where the build has none. */
  readonly package: string;
  /** Its machine type for a guest that nobody else is to run: pc, or q35 in a build that was made without it. */
  readonly machineType: 'pc' | 'q35';
  /** SHA-256 of the binary, hex; of a script's text and what it printed for `--version`. */
  readonly sha256: string;
  /** The file is a script: which QEMU it starts may change without it. */
  readonly isScript?: true;
}

/** A file that is there and may be executed, and is no QEMU that works: only the cells that need it are lost. */
export class BrokenBuildError extends MigbenchError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super('usage', message, options);
  }
}

const VERSION_LIMIT_MS = 10_000;

const factSchema = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  mtimeMs: z.number(),
  version: z.string(),
  package: z.string(),
  machineType: z.enum(['pc', 'q35']),
  sha256: z.string(),
});

/** Parse the first line of `qemu-system-x86_64 --version`; `undefined` where it is not QEMU's. */
export function parseVersion(output: string): Pick<BuildFacts, 'version' | 'package'> | undefined {
  const match = /^QEMU emulator version (\d+(?:\.\d+)+[^\s(]*)(?: \((.*)\))?\s*$/m.exec(output);
  const [, version, vendor] = match ?? [];
  return version === undefined ? undefined : { version, package: vendor ?? '' };
}

/** SHA-256 of a file, hex. */
export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal });
  return hash.digest('hex');
}

function factPath(layout: CacheLayout, path: string): string {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  return join(layout.facts, `qemu-${name}.json`);
}

function readFact(layout: CacheLayout, path: string): z.infer<typeof factSchema> | undefined {
  try {
    const parsed = factSchema.safeParse(JSON.parse(readFileSync(factPath(layout, path), 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Facts about the emulator in `binary`, started as `program`. Remembered by path, size and modification time, but for a
 * script, whose QEMU may be replaced behind it.
 *
 * @throws BrokenBuildError that says what was found instead, where it is not a QEMU for x86-64 guests.
 */
export async function probeBuild(
  program: Program,
  binary: string,
  layout: CacheLayout,
  signal?: AbortSignal,
): Promise<BuildFacts> {
  const { size: sizeBytes, mtimeMs } = statSync(binary);
  const isScript = executableKind(binary).kind === 'script';
  const fact = isScript ? undefined : readFact(layout, binary);
  if (fact !== undefined && fact.sizeBytes === sizeBytes && fact.mtimeMs === mtimeMs) {
    const { version, package: vendor, machineType, sha256 } = fact;
    return { version, package: vendor, machineType, sha256 };
  }
  const ask = async (...args: string[]): Promise<string> => {
    const options = {
      timeoutMs: VERSION_LIMIT_MS,
      errorCode: 'usage',
      purpose: `ask ${binary} what it is`,
    } as const;
    return (await run(program, args, signal === undefined ? options : { ...options, signal }))
      .stdout;
  };
  const output = await ask('--version').catch((error: unknown) => {
    if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
    throw new BrokenBuildError(`${binary} is not a QEMU that runs here: ${messageOf(error)}`, {
      cause: error,
    });
  });
  const version = parseVersion(output);
  if (version === undefined) {
    const found = output.trim().split('\n', 1)[0] ?? '';
    throw new BrokenBuildError(
      `${binary} is not a QEMU system emulator: expected "QEMU emulator version …" from --version, found "${found.slice(0, 120)}".`,
    );
  }
  const machines = await ask('-machine', 'help').catch((error: unknown) => {
    if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
    throw new BrokenBuildError(
      `${binary} (QEMU ${version.version}) does not list its machines: ${messageOf(error)}`,
      { cause: error },
    );
  });
  if (!/^(?:pc|q35)\b/m.test(machines)) {
    throw new BrokenBuildError(
      `${binary} (QEMU ${version.version}) has neither the pc nor the q35 machine: expected an emulator for x86-64, such as qemu-system-x86_64.`,
    );
  }
  const machineType = machineTypeIn(machines);
  const sha256 = await fileSha256(binary, signal);
  if (isScript) {
    const both = createHash('sha256').update(`${sha256}\n${output}`).digest('hex');
    return { ...version, machineType, sha256: both, isScript };
  }
  const facts = { ...version, machineType, sha256 };
  const text = JSON.stringify({ path: binary, sizeBytes, mtimeMs, ...facts });
  // Only a saving of time: a cache that cannot be written must not stop a run.
  await replaceFile(factPath(layout, binary), `${text}\n`).catch(() => undefined);
  return facts;
}
