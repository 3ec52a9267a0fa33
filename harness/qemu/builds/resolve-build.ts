/** From a build's name in a plan to an emulator that can be started. */
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { cacheLayout } from '../../debian/cache.ts';
import { findProgram } from '../../debian/host.ts';
import type { ProvisionOptions } from '../../debian/progress.ts';
import { MigbenchError, messageOf } from '../../errors.ts';
import { hostProgram } from '../../sandbox/process.ts';
import { resolveDebianBuild } from './debian-build.ts';
import type { QemuBuild } from './build.ts';
import { probeBuild } from './probe-build.ts';
import {
  EMBEDDED_BUILD,
  formatBuildReference,
  parseBuildReference,
  type BuildReference,
} from './reference.ts';

/**
 * Resolve a reference of {@link parseBuildReference}'s grammar.
 *
 * @throws MigbenchError `usage` where the reference is wrong, or its file is not a QEMU for x86-64; `host-unfit` where
 *   packages cannot be fetched, or the system's QEMU does not run; `interrupted`.
 */
export async function resolveBuild(
  reference: string,
  options: ProvisionOptions = {},
): Promise<QemuBuild> {
  const parsed = parseBuildReference(reference);
  switch (parsed.kind) {
    case 'path':
      return fromFile(reference, usableFile(parsed.path), options);
    case 'debian':
      return fromDebian(reference, parsed, options);
    case 'system':
      return fromSystem(reference, options);
  }
}

function usableFile(written: string): string {
  const path = resolve(written);
  const fail = (found: string): never => {
    throw new MigbenchError(
      'usage',
      `path:${written}: expected an executable file ${path}, found ${found}.`,
    );
  };
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return fail('nothing');
  if (!stats.isFile())
    return fail(
      stats.isDirectory() ? 'a folder (name the qemu-system-x86_64 in it)' : 'no regular file',
    );
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return fail('a file that this user may not execute (chmod +x?)');
  }
  return path;
}

function scriptNote(reference: string, binary: string): string {
  const name = reference.startsWith('path:') ? reference : `${reference} (${binary})`;
  return `${name} is a script: another QEMU behind it is only noticed where it calls its version otherwise.`;
}

async function fromFile(
  reference: string,
  binary: string,
  options: ProvisionOptions,
): Promise<QemuBuild> {
  const program = hostProgram(binary);
  const facts = await probeBuild(program, binary, cacheLayout(options.cache), options.signal);
  return {
    reference,
    resolvedReference: `path:${binary}`,
    program,
    binary,
    firmwareArgs: [],
    ...facts,
    ...(facts.isScript === true ? { note: scriptNote(reference, binary) } : {}),
  };
}

async function fromDebian(
  reference: string,
  parsed: BuildReference & { readonly kind: 'debian' },
  options: ProvisionOptions,
): Promise<QemuBuild> {
  const { tree, program, binary, firmwareArgs } = await resolveDebianBuild(parsed, options);
  const facts = await probeBuild(program, binary, cacheLayout(options.cache), options.signal);
  const resolvedReference = formatBuildReference(parsed);
  return { reference, resolvedReference, program, binary, firmwareArgs, tree, ...facts };
}

/** Where a host's own QEMU is, Red Hat's hidden one included; `undefined` where there is none. */
export function findSystemQemu(): string | undefined {
  return findProgram('qemu-system-x86_64') ?? findProgram('qemu-kvm', '/usr/libexec');
}

async function fromSystem(reference: string, options: ProvisionOptions): Promise<QemuBuild> {
  const found = findSystemQemu();
  if (found !== undefined) {
    return fromFile(reference, found, options).catch((error: unknown) => {
      if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
      throw new MigbenchError(
        'host-unfit',
        `This machine's own QEMU cannot be used: ${messageOf(error)}\nRepair it, or name another build, such as ${EMBEDDED_BUILD}.`,
        { cause: error },
      );
    });
  }
  const embedded = await resolveBuild(EMBEDDED_BUILD, options);
  return {
    ...embedded,
    reference,
    note: `This machine has no QEMU; ${EMBEDDED_BUILD} (QEMU ${embedded.version}) was used instead.`,
  };
}
