/** What the tests of packages share: a cache of their own, and a mirror that can be made to misbehave. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { hostArchitecture } from '../../../harness/debian/architecture.ts';
import { findKeyrings, packageTool } from '../../../harness/debian/host.ts';
import { findMirror } from '../../../harness/debian/mirror.ts';
import { messageOf } from '../../../harness/errors.ts';

/** Why packages cannot be fetched on this machine; `undefined` where they can. */
export async function whyNoPackages(): Promise<string | undefined> {
  try {
    packageTool('apt-get');
    packageTool('dpkg-deb');
    const mirror = findMirror(undefined, hostArchitecture().debian);
    findKeyrings(mirror.keyrings);
    if (!mirror.archive.startsWith('http')) return undefined;
    await fetch(`${mirror.archive}/dists/trixie/InRelease`, {
      method: 'HEAD',
      signal: AbortSignal.timeout(15_000),
    });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** An empty cache folder, gone when the current test (or the given hook) ends. */
export async function temporaryCache(
  atEnd: (remove: () => Promise<void>) => void = onTestFinished,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-debian-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What a misbehaving mirror does with a request: nothing special where it gives `undefined`. */
export type Misbehaviour = (path: string) => 'missing' | 'cut' | 'corrupt' | undefined;

/** A mirror on the loopback that hands on this machine's, but for what `misbehave` says. */
export async function startMirror(
  misbehave: Misbehaviour,
): Promise<{ readonly url: string; readonly requests: string[] }> {
  const upstream = findMirror(undefined, hostArchitecture().debian);
  const requests: string[] = [];
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    requests.push(path);
    const fault = misbehave(path);
    const base = path.startsWith('/debian-security/') ? upstream.security : upstream.archive;
    if (fault === 'missing' || base === undefined) {
      response.writeHead(404).end();
      return;
    }
    const fetched = await fetch(base + path.replace(/^\/debian(-security)?/, ''));
    const body = Buffer.from(await fetched.arrayBuffer());
    if (fault === 'corrupt') body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    response.writeHead(fetched.status, { 'content-length': body.length });
    if (fault !== 'cut') response.end(body);
    else response.write(body.subarray(0, body.length / 2), () => response.destroy());
  };
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`, requests };
}
