/** The tree's C compiler and toolbox, with the host's own hidden. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compileStatic } from '../../../harness/debian/compiler.ts';
import { executableKind } from '../../../harness/debian/elf.ts';
import { openToolbox } from '../../../harness/debian/toolbox.ts';
import { hostProgram, run } from '../../../harness/sandbox/process.ts';
import { temporaryCache, whyNoPackages } from './fixture.ts';

const reason = await whyNoPackages();
if (reason !== undefined) console.warn(`Skipped, as packages cannot be fetched here: ${reason}`);

const program = `
#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <linux/vm_sockets.h>
#include "part.h"
static void *work(void *result) { *(double *)result = pow(2.5, exponent()); return NULL; }
int main(int count, char **arguments) {
  pthread_t thread;
  double result = count;
  assert(pthread_create(&thread, NULL, work, &result) == 0);
  pthread_join(thread, NULL);
  printf("%s %.3f %s\\n", __FILE__, result, NAME);
  return arguments[0] == NULL;
}
`;

/** One for the file: package lists are fetched once. */
const cache = await temporaryCache(afterAll);

describe.skipIf(reason !== undefined)('the compiler', () => {
  it('makes the same static program each time, with threads and libm, and reports errors in gcc’s words', async () => {
    const folder = join(cache, 'source');
    await mkdir(join(folder, 'include'), { recursive: true });
    await writeFile(join(folder, 'main.c'), program);
    await writeFile(
      join(folder, 'part.c'),
      '#include "part.h"\nint exponent(void) { return 3; }\n',
    );
    await writeFile(join(folder, 'include/part.h'), 'int exponent(void);\n');
    const compile = (output: string) =>
      compileStatic(
        {
          sources: [join(folder, 'main.c'), join(folder, 'part.c')],
          output: join(folder, output),
          includeDirs: [join(folder, 'include')],
          defines: { NAME: '"a name"' },
          libraries: ['m'],
          flags: ['-Werror'],
        },
        { cache },
      );
    await compile('one');
    await compile('two');
    expect(executableKind(join(folder, 'one'))).toEqual({ kind: 'static' });
    const bytes = await readFile(join(folder, 'one'));
    expect(bytes.equals(await readFile(join(folder, 'two')))).toBe(true);
    expect(bytes.includes(cache)).toBe(false);
    const { stdout } = await run(hostProgram(join(folder, 'one')), [], { timeoutMs: 5_000 });
    expect(stdout).toBe('./main.c 15.625 a name');

    await writeFile(join(folder, 'part.c'), 'int exponent(void) { return thrice; }\n');
    await expect(compile('three')).rejects.toThrow(/part\.c:1:\d+: error: .thrice. undeclared/);
    const sources = [join(folder, 'part.c')];
    const output = join(folder, 'four');
    await expect(compileStatic({ sources, output }, { cache })).rejects.toMatchObject({
      code: 'internal',
    });
    await expect(
      compileStatic({ sources, output, errorCode: 'plan-invalid' }, { cache }),
    ).rejects.toMatchObject({ code: 'plan-invalid' });
  });
});

describe.skipIf(reason !== undefined)('the toolbox', () => {
  it('runs from packages', async () => {
    const toolbox = await openToolbox(['ip', 'tc', 'mksquashfs', 'cpio', 'depmod'], {
      cache,
      source: 'tree',
    });
    const first = async (name: 'ip' | 'tc' | 'mksquashfs' | 'cpio' | 'depmod', flag: string) => {
      const { stdout } = await run(toolbox.program(name), [flag], { timeoutMs: 5_000 });
      return stdout.split('\n')[0];
    };
    expect(toolbox.tree).toBeDefined();
    expect(await first('ip', '-V')).toMatch(/^ip utility, iproute2-6\.1/);
    expect(await first('tc', '-V')).toMatch(/^tc utility, iproute2-6\.1/);
    expect(await first('mksquashfs', '-version')).toMatch(/^mksquashfs version 4\.5/);
    expect(await first('cpio', '--version')).toMatch(/^cpio \(GNU cpio\)/);
    expect(await first('depmod', '--version')).toMatch(/^kmod version/);
  });

  it('is the host’s own where it has all that is asked for', async () => {
    const folder = join(cache, 'path');
    await mkdir(folder);
    await writeFile(join(folder, 'xz'), '#!/bin/sh\n');
    await chmod(join(folder, 'xz'), 0o755);
    const toolbox = await openToolbox(['xz'], { cache: join(cache, 'unused') }).catch(
      () => undefined,
    );
    if (toolbox?.tree === undefined) expect(toolbox?.program('xz').args).toEqual([]);
    expect(() => toolbox?.program('ip')).toThrow(/was not asked for/);
  });
});
