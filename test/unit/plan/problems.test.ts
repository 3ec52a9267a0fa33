/** How the mistakes of a plan are reported together; those of its YAML, its keys and its values have files of their own. */
import { describe, expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { load, problems, SMALL, withGuest, withLink, withSettings } from './fixtures.ts';

test('a message is ready to print: place, reason, line, caret, count', async () => {
  const text = withGuest('{ memory: 384mib }').replace('1Gbit/s', '1Gb/s');
  const error = await load(text).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(MigbenchError);
  expect(error).toMatchObject({
    code: 'plan-invalid',
    message: `plan.yaml:1:18: guest.memory: "384mib": "mib" is not a unit of a size, such as 384MiB; did you mean "384MiB"?
    1 | guest: { memory: 384mib }
      |                  ^^^^^^
plan.yaml:3:22: links.0.bandwidth: "1Gb/s": "Gb/s" could mean Gbit/s or GB/s; did you mean "1Gbit/s"?
    3 | links: [{ bandwidth: 1Gb/s }]
      |                      ^^^^^
2 problems in the plan plan.yaml`,
  });
});

test('a plan that is wrong in one way throughout says it three times, not a thousand', async () => {
  const settings = Array.from({ length: 1000 }, (_, n) => `  s${n}: { capabilites: {} }`).join(
    '\n',
  );
  const error: unknown = await load(
    `${SMALL.replace('[idle]', '[idel]').replace('{ precopy: {} }', '')}\n${settings}`,
  ).catch((caught: unknown) => caught);
  const lines = (error instanceof Error ? error.message : '').split('\n');
  expect(lines.length).toBeLessThan(20);
  expect(lines.filter((line) => line.includes('did you mean "capabilities"?'))).toHaveLength(3);
  expect(lines.filter((line) => line.includes('did you mean "idle"?'))).toHaveLength(1);
  expect(lines.slice(-2)).toEqual([
    '… and 997 more, most of them like these',
    '1001 problems in the plan plan.yaml',
  ]);
}, 30_000);

describe('repetition within a dimension', () => {
  test.each([
    [
      withSettings('{ a: {}, b: {} }'),
      '4:23: settings.b: the same as settings.a: each of its cells would be run twice; remove one',
    ],
    [
      withLink('{ bandwidth: 1Gbit/s }, { bandwidth: 1000Mbit/s, delay: 0ms }'),
      '3:33: links.1: the same as links.0: each of its cells would be run twice; remove one',
    ],
    [
      `${SMALL}qemu: [system, { source: system, destination: system }]\n`,
      '5:16: qemu.1: the same as qemu.0: each of its cells would be run twice; remove one',
    ],
  ])('%j', async (text, expected) => {
    expect(await problems(text)).toEqual([`plan.yaml:${expected}`]);
  });
});

test('problems of every kind come together, in the order of the file', async () => {
  const text = `guest: { memory: 64MiB, vcpu: 2 }
workloads: [idle, { id: database, client: 2 }]
links: [{ bandwidth: 1Mb/s }, { bandwidth: 1Gbit/s }]
settings:
  a: { capabilities: { multifd: true, xbzrle: true } }
  b: { capabilites: {} }
repetitions: many
`;
  expect((await problems(text)).map((line) => /^plan\.yaml:(\d+:\d+)/.exec(line)?.[1])).toEqual([
    '1:25',
    '2:35',
    '3:22',
    '5:39',
    '6:8',
    '7:14',
  ]);
});

describe('size', () => {
  test('a matrix of a million cells is refused at once, without being expanded', async () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    const text = `guest: [${hundred.map((n) => `{ memory: ${n}GiB }`).join(', ')}]
workloads: [idle]
links: [${hundred.map((n) => `{ bandwidth: ${n}Gbit/s }`).join(', ')}]
settings: {${hundred.map((n) => `s${n}: { parameters: { downtime-limit: ${n}ms } }`).join(', ')}}
`;
    const before = process.cpuUsage();
    expect(await problems(text)).toEqual([
      'plan.yaml:1:1: 100 settings × 100 links × 100 guests = 1000000 cells; ' +
        'a plan has at most 10000: shorten a list',
    ]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  });

  test('too many trials', async () => {
    const links = Array.from({ length: 11 }, (_, index) => `{ bandwidth: ${index + 1}Gbit/s }`);
    const text = `${withLink(links.join(', '))}repetitions: 9999\n`;
    expect(await problems(text)).toEqual([
      'plan.yaml:5:14: repetitions: 11 cells × 9999 repetitions = 109989 trials; a plan has at most 100000',
    ]);
  });
});
