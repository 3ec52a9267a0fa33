/** Whether guests can have taps, and what is said of it where they cannot. */
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkTaps } from '../../../harness/doctor/sandbox.ts';
import { tapRefusal } from '../../../harness/sandbox/taps.ts';
import { temporaryFolder } from '../record/temporary.ts';

test('a device that can be opened', async () => {
  const device = join(await temporaryFolder(), 'tun');
  await writeFile(device, '');
  expect(tapRefusal(device)).toBeUndefined();
  expect(checkTaps(device).level).toBe('ok');
});

test('a device that is there and may be used, and cannot be opened: no taps, and the reason', async () => {
  const device = join(await temporaryFolder(), 'tun');
  // As with a device without a driver, the kernel lets everybody use it and nobody open it.
  const server = createServer().listen(device);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => void server.once('listening', resolve));
  expect(() => accessSync(device, constants.R_OK | constants.W_OK)).not.toThrow();
  expect(tapRefusal(device)?.found).toBe(
    `${device} is there, but the kernel has no driver for it (ENXIO)`,
  );
  const finding = checkTaps(device);
  expect(finding.level).toBe('warn');
  expect(finding.found).toContain('no driver for it (ENXIO): no service network');
  expect(finding.remedy).toContain('reboot');
});

test('no device, and one that is something else', async () => {
  const folder = await temporaryFolder();
  expect(tapRefusal(join(folder, 'tun'))?.found).toBe(`there is no ${folder}/tun`);
  await mkdir(join(folder, 'directory'));
  expect(tapRefusal(join(folder, 'directory'))?.found).toContain('cannot be opened (EISDIR)');
});
