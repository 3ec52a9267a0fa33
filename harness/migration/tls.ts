/**
 * TLS credentials for migrations: a certificate authority of the run's own, or a shared key; and how a QEMU is told
 * of them. They are made once per sandbox and live on its own file system, so that no key outlives the run.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsShape } from '../plan/types.ts';
import type { Machine } from '../qemu/machine.ts';
import type { HostRole, Sandbox } from '../sandbox/host.ts';
import { makeCertificates, type Certificates } from './certificates.ts';

/** Name of the credentials inside both QEMUs. */
export const CREDENTIALS_ID = 'migration-tls';
/** The name in the destination's certificate, as the source expects it. */
const DESTINATION_NAME = 'destination.migbench.invalid';
/** QEMU's own default for the client's name. */
const PSK_USER = 'qemu';
const PSK_BYTES = 32;

/** Files that `tls-creds-x509` looks for, by QEMU's names; one folder serves both ends. */
function filesOf({ authority, destination, source }: Certificates): Record<string, string> {
  return {
    'ca-cert.pem': authority.certificate,
    'server-cert.pem': destination.certificate,
    'server-key.pem': destination.key,
    'client-cert.pem': source.certificate,
    'client-key.pem': source.key,
  };
}

const made = new WeakMap<Sandbox, Map<TlsShape['credentials'], Promise<string>>>();

/** The folder of credentials made for this sandbox, made where it is not there yet. */
function ownFolder(sandbox: Sandbox, credentials: TlsShape['credentials']): Promise<string> {
  const known = made.get(sandbox) ?? new Map<TlsShape['credentials'], Promise<string>>();
  made.set(sandbox, known);
  const folder = known.get(credentials) ?? makeFolder(sandbox.scratch, credentials);
  known.set(credentials, folder);
  return folder;
}

async function makeFolder(scratch: string, kind: TlsShape['credentials']): Promise<string> {
  const folder = join(scratch, `tls-${kind}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files =
    kind === 'psk'
      ? { 'keys.psk': `${PSK_USER}:${randomBytes(PSK_BYTES).toString('hex')}\n` }
      : filesOf(await makeCertificates(DESTINATION_NAME));
  await Promise.all(
    Object.entries(files).map(([name, text]) =>
      writeFile(join(folder, name), text, { mode: 0o600 }),
    ),
  );
  return folder;
}

/** The folder that both QEMUs take their credentials from: the plan's, or one made for this sandbox. */
export async function credentialsFolder(tls: TlsShape, sandbox: Sandbox): Promise<string> {
  return tls.directory ?? ownFolder(sandbox, tls.credentials);
}

/**
 * Give a QEMU its credentials; `migrate` uses them once `tls-creds` names them (settings.ts).
 *
 * @throws QmpCommandError with QEMU's own words where a file is missing, or a certificate has expired or is wrong.
 */
export async function addCredentials(
  { qmp }: Pick<Machine, 'qmp'>,
  role: HostRole,
  { credentials }: TlsShape,
  folder: string,
): Promise<void> {
  await qmp.execute('object-add', {
    'qom-type': `tls-creds-${credentials}`,
    id: CREDENTIALS_ID,
    dir: folder,
    endpoint: role === 'destination' ? 'server' : 'client',
    // With a shared key there is no certificate to look at.
    'verify-peer': credentials === 'x509',
  });
}

/** QEMU's migration parameters of a cell: its credentials, or explicitly none, since they stay set on a QEMU. */
export function tlsParameters(
  tls: TlsShape | undefined,
  known: readonly string[],
): Record<string, string> {
  const hostname = tls?.hostname ?? (isOwn(tls) ? DESTINATION_NAME : '');
  const wanted = {
    'tls-creds': tls === undefined ? '' : CREDENTIALS_ID,
    'tls-hostname': hostname,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => known.includes(name)));
}

/** Certificates of the run's own have a name that the source has to be told. */
function isOwn(tls: TlsShape | undefined): boolean {
  return tls?.credentials === 'x509' && tls.directory === undefined;
}
