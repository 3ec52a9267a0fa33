/** Certificates made for a run, as another program reads them: Node's own X.509. */
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeCertificates } from '../../../harness/migration/certificates.ts';

test('both ends are signed by the authority, have their names, and are good for now', async () => {
  const { authority, source, destination } = await makeCertificates('host2.example');
  const root = new X509Certificate(authority.certificate);
  expect(root.ca).toBe(true);
  const ends = [source, destination].map((end) => new X509Certificate(end.certificate));
  for (const end of ends) {
    expect(end.ca).toBe(false);
    expect(end.checkIssued(root)).toBe(true);
    expect(end.verify(root.publicKey)).toBe(true);
    expect(Date.parse(end.validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(end.validTo)).toBeGreaterThan(Date.now() + 86_400_000);
  }
  expect(ends[1]?.checkHost('host2.example')).toBe('host2.example');
  expect(ends[1]?.checkHost('host3.example')).toBeUndefined();
  // What each may be used for (RFC 5280): a TLS client, a TLS server.
  expect(ends.map((end) => end.keyUsage)).toEqual([['1.3.6.1.5.5.7.3.2'], ['1.3.6.1.5.5.7.3.1']]);
  // No two certificates of an authority have the same number.
  expect(new Set([root, ...ends].map((one) => one.serialNumber)).size).toBe(3);
});

test('a validity of the past is what it says', async () => {
  const [from, to] = [new Date('2020-01-01T00:00:00Z'), new Date('2020-01-02T00:00:00Z')];
  const { destination, authority } = await makeCertificates('host2', { from, to });
  expect(Date.parse(new X509Certificate(destination.certificate).validTo)).toBe(to.getTime());
  expect(Date.parse(new X509Certificate(authority.certificate).validTo)).toBeGreaterThan(
    Date.now(),
  );
});
