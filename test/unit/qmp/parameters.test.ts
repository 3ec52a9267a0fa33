/** Migration parameters: QMP's numbers and ours. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  canBeUnlimited,
  fromQmp,
  PARAMETER_DIMENSIONS,
  parametersFromQmp,
  toQmp,
} from '../../../harness/qmp/index.ts';

const FIXTURES = new URL('../../fixtures/qmp/', import.meta.url);

/** The parameters that a recorded build answered before they were set. */
function recordedParameters(build: string): Record<string, number | string | boolean> {
  const text = readFileSync(new URL(`${build}/precopy.source.jsonl`, FIXTURES), 'utf8');
  const lines = text.trimEnd().split('\n');
  const line = lines.find((one) => one.includes('"downtime-limit": 300'));
  const { message } = JSON.parse(line ?? '') as {
    message: { return: Record<string, number | string | boolean> };
  };
  return message.return;
}

describe('unlimited', () => {
  test('is 0 for the two bandwidths that have a cap, both ways', () => {
    expect(toQmp('max-bandwidth', 'unlimited')).toBe(0);
    expect(toQmp('max-postcopy-bandwidth', 'unlimited')).toBe(0);
    expect(fromQmp('max-bandwidth', 0)).toBe('unlimited');
    expect(fromQmp('max-postcopy-bandwidth', 0)).toBe('unlimited');
    expect(fromQmp('max-bandwidth', 134_217_728)).toBe(134_217_728);
  });

  test('is not what 0 means elsewhere', () => {
    expect(canBeUnlimited('avail-switchover-bandwidth')).toBe(false);
    expect(fromQmp('avail-switchover-bandwidth', 0)).toBe(0);
    expect(fromQmp('downtime-limit', 0)).toBe(0);
    expect(() => toQmp('downtime-limit', 'unlimited')).toThrow(
      'The migration parameter downtime-limit takes a whole number, not negative; found "unlimited". Correct it in the plan.',
    );
  });
});

describe('other values', () => {
  test('pass through in QMP’s unit', () => {
    expect(toQmp('downtime-limit', 500)).toBe(500);
    expect(toQmp('multifd-compression', 'zstd')).toBe('zstd');
    expect(toQmp('cpu-throttle-tailslow', true)).toBe(true);
    expect(toQmp('of-a-later-qemu', 0.5)).toBe(0.5);
  });

  test.each([
    ['downtime-limit', 0.5],
    ['max-bandwidth', -1],
    ['multifd-channels', '2'],
    ['direct-io', 1],
    ['mode', 3],
    ['cpr-exec-command', 'x'],
  ] as const)('%s refuses %j', (name, value) => {
    expect(() => toQmp(name, value)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
  });

  test('unset text is empty, and lists have no scalar form', () => {
    expect(fromQmp('tls-creds', null)).toBe('');
    expect(fromQmp('cpr-exec-command', [])).toBeUndefined();
    expect(
      parametersFromQmp({ 'cpr-exec-command': [], 'max-bandwidth': 0, mode: 'normal' }),
    ).toEqual({ 'max-bandwidth': 'unlimited', mode: 'normal' });
  });
});

describe('the table', () => {
  const builds = readdirSync(FIXTURES).filter((name) => /^\d/.test(name));

  test.each(builds)('knows every parameter that %s answers with', (build) => {
    const unknown = Object.keys(recordedParameters(build)).filter(
      (name) => !PARAMETER_DIMENSIONS.has(name),
    );
    expect(unknown).toEqual([]);
  });

  test.each(builds)('gives back to %s what it answered', (build) => {
    const reply = recordedParameters(build);
    for (const [name, setting] of Object.entries(parametersFromQmp(reply))) {
      expect([name, toQmp(name, setting)]).toEqual([name, reply[name]]);
    }
  });
});
