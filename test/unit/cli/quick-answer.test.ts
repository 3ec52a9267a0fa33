/** What is answered without the parser, and when the parser is asked all the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { quickAnswer } from '../../../harness/cli/quick-answer.ts';
import { migbenchVersion } from '../../../harness/version.ts';

const folder = mkdtempSync(join(tmpdir(), 'migbench-help-'));
writeFileSync(join(folder, 'help.txt'), 'the kept help\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('quickAnswer', () => {
  test.each([[['--help']], [['-h']], [[]]])('%j is answered from the kept help', (argv) => {
    expect(quickAnswer(argv, 100, folder)).toBe('the kept help\n');
  });

  test('--version is answered whatever was kept', () => {
    expect(quickAnswer(['--version'], 40, '/nowhere')).toBe(`${migbenchVersion()}\n`);
  });

  test.each([
    [['run', '--help']],
    [['--help', '--verbose']],
    [['help']],
    [['--version', '--json']],
    [['-hv']],
  ])('%j is for the parser', (argv) => {
    expect(quickAnswer(argv, 100, folder)).toBeUndefined();
  });

  test('a narrow terminal is for the parser, which wraps', () => {
    expect(quickAnswer(['--help'], 80, folder)).toBeUndefined();
  });

  test('so is a program whose build kept no help', () => {
    expect(quickAnswer(['--help'], 100, join(folder, 'nothing'))).toBeUndefined();
  });
});
