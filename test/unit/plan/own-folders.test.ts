/** What the sandbox's own file system must not hide. */
import { expect, test } from 'vitest';
import { ownFolders } from '../../../harness/plan/own-folders.ts';
import { plannedTrial } from '../migration/fixtures.ts';

test('the folders of workloads and of TLS credentials', () => {
  const tls = { credentials: 'x509' } as const;
  const trials = [
    plannedTrial(),
    plannedTrial({ workload: { id: 'own', path: '/srv/own', parameters: {} } }),
    plannedTrial({ transport: 'tls', tls: { ...tls, directory: '/run/credentials' } }),
    plannedTrial({ transport: 'tls', tls }),
  ];
  expect(ownFolders(trials)).toEqual(['/srv/own', '/run/credentials']);
});
