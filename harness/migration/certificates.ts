/** X.509 certificates for one run: an authority, one for each end of a migration. As QEMU's manual makes them. */
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { pki } from 'node-forge';

/** Bits of the RSA keys: what GnuTLS takes as of medium security. */
const KEY_BITS = 2048;
/** Valid from an hour ago, for clocks that differ, to longer than a run may take. */
const BEFORE_MS = 3_600_000;
const AFTER_MS = 30 * 86_400_000;

/** PEM, both. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  readonly authority: Certificate;
  readonly source: Certificate;
  readonly destination: Certificate;
}

/** When certificates are valid. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

interface Issued extends Certificate {
  readonly name: string;
  readonly keys: pki.rsa.KeyPair;
}

/**
 * Make all three.
 *
 * @param destinationName DNS name in the destination's certificate.
 * @param validity of the two ends' certificates; tests make some that have expired.
 */
export async function makeCertificates(
  destinationName: string,
  validity: Validity = usual(),
): Promise<Certificates> {
  // Loaded only where a plan migrates over TLS.
  const { default: forge } = await import('node-forge');
  const newKeys = promisify(forge.pki.rsa.generateKeyPair.bind(forge.pki.rsa));

  const issue = async (
    name: string,
    extensions: readonly object[],
    valid: Validity,
    issuer?: Issued,
  ): Promise<Issued> => {
    const keys = await newKeys({ bits: KEY_BITS });
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = keys.publicKey;
    // The first bit is 0: serial numbers are not negative.
    certificate.serialNumber = `00${randomBytes(15).toString('hex')}`;
    certificate.validity.notBefore = valid.from;
    certificate.validity.notAfter = valid.to;
    certificate.setSubject([{ name: 'commonName', value: name }]);
    certificate.setIssuer([{ name: 'commonName', value: issuer?.name ?? name }]);
    certificate.setExtensions([...extensions]);
    certificate.sign((issuer?.keys ?? keys).privateKey, forge.md.sha256.create());
    return {
      name,
      keys,
      certificate: forge.pki.certificateToPem(certificate),
      key: forge.pki.privateKeyToPem(keys.privateKey),
    };
  };

  const authority = await issue(
    'migbench authority of one run',
    [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
    usual(),
  );
  const end = (name: string, use: 'serverAuth' | 'clientAuth') =>
    issue(
      name,
      [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
        { name: 'extKeyUsage', [use]: true },
        { name: 'subjectAltName', altNames: [{ type: DNS_NAME, value: name }] },
      ],
      validity,
      authority,
    );
  const [source, destination] = await Promise.all([
    end('source.migbench.invalid', 'clientAuth'),
    end(destinationName, 'serverAuth'),
  ]);
  return { authority, source, destination };
}

/** The kind "dNSName" of a subject's other names (RFC 5280, 4.2.1.6). */
const DNS_NAME = 2;

function usual(): Validity {
  return { from: new Date(Date.now() - BEFORE_MS), to: new Date(Date.now() + AFTER_MS) };
}
