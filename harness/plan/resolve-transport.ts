/** How the settings of a plan travel: each by the plan's transport or its own, and over TLS with which credentials. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { folderDigest } from './folder-digest.ts';
import type { PlanPath, PlanProblem } from './problems.ts';
import type { PlanFile } from './schema.ts';
import type { CellSpec, TlsShape } from './types.ts';

type Written = Pick<NonNullable<PlanFile['settings'][string]>, 'transport' | 'tls'>;

/** What a plan says for all settings. */
export interface CommonTransport {
  readonly transport: CellSpec['transport'];
  readonly tls: PlanFile['tls'];
  /** Folder that the plan's paths are relative to. */
  readonly directory: string;
}

/** A transport with all that belongs to it. */
export type ResolvedTransport = Pick<CellSpec, 'transport'> & Partial<Pick<CellSpec, 'tls'>>;

async function tlsOf(
  { credentials, directory, hostname }: NonNullable<PlanFile['tls']>,
  path: PlanPath,
  base: string,
): Promise<TlsShape | PlanProblem> {
  if (directory === undefined) {
    if (hostname === undefined) return { credentials };
    const reason =
      'has no effect without a directory: credentials made for the run have a name already';
    return { path: [...path, 'hostname'], atKey: true, reason };
  }
  const folder = resolve(base, directory);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return { path: [...path, 'directory'], reason: `there is no folder ${folder}` };
  }
  return {
    credentials,
    directory: folder,
    digest: await folderDigest(folder),
    ...(hostname === undefined ? {} : { hostname }),
  };
}

/**
 * The transport of one setting; problems are added to the list.
 *
 * @param path where the setting is; empty for the plan itself.
 */
export async function resolveTransport(
  written: Written,
  path: PlanPath,
  common: CommonTransport,
  problems: PlanProblem[],
): Promise<ResolvedTransport> {
  const transport = written.transport ?? common.transport;
  const [tls, at]: [PlanFile['tls'], PlanPath] =
    written.tls === undefined ? [common.tls, ['tls']] : [written.tls, [...path, 'tls']];
  if (transport !== 'tls') {
    if (written.tls === undefined) return { transport };
    const reason = 'has no effect without "transport: tls"';
    problems.push({ path: at, atKey: true, reason });
    return { transport };
  }
  const resolved = await tlsOf(tls ?? { credentials: 'x509' }, at, common.directory);
  if (!('reason' in resolved)) return { transport, tls: resolved };
  problems.push(resolved);
  return { transport };
}
