/**
 * Builds that differ in a known way: the embedded QEMU behind a script, and, where something is planted, a library
 * that makes it stand still for a set time right after it has said STOP. So exactly the pause becomes longer.
 */
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilerTree } from '../../../harness/debian/compiler.ts';
import { treeProgram } from '../../../harness/debian/tree.ts';
import { resolveBuild } from '../../../harness/qemu/builds/index.ts';
import { run } from '../../../harness/sandbox/process.ts';
import { shellQuoted } from '../../../harness/sandbox/shell-quote.ts';

/** Without a C library of its own: it is loaded into builds of several Debian releases. */
const source = (pauseMs: number) => `
typedef unsigned long word;
struct part { const char *base; word length; };
struct message { void *name; unsigned name_length; struct part *parts; word count; void *control; word control_length; int flags; };
extern int *__errno_location(void);

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

static int says_stop(const struct message *message) {
  static const char wanted[] = "\\"event\\": \\"STOP\\"";
  for (word i = 0; i < message->count; i++) {
    const struct part *part = &message->parts[i];
    for (word at = 0; at + sizeof wanted - 1 <= part->length; at++) {
      word same = 0;
      while (same < sizeof wanted - 1 && part->base[at + same] == wanted[same]) same++;
      if (same == sizeof wanted - 1) return 1;
    }
  }
  return 0;
}

long sendmsg(int file, const struct message *message, int flags) {
  long result = call(46, file, (long)message, flags);
  if (result < 0) {
    *__errno_location() = (int)-result;
    return -1;
  }
  if (says_stop(message)) {
    struct { long seconds, nanoseconds; } pause = { ${Math.floor(pauseMs / 1000)}, ${(pauseMs % 1000) * 1_000_000}L };
    call(35, (long)&pause, 0, 0);
  }
  return result;
}
`;

const COMPILE_TIMEOUT_MS = 60_000;

async function sharedLibrary(folder: string, text: string): Promise<string> {
  const tree = await compilerTree();
  const gcc = '/usr/lib/gcc/x86_64-linux-gnu';
  const [version = ''] = await readdir(join(tree.root, gcc));
  const [c, assembly, object, library] = ['c', 's', 'o', 'so'].map((end) =>
    join(folder, `planted.${end}`),
  ) as [string, string, string, string];
  await writeFile(c, text);
  const options = { timeoutMs: COMPILE_TIMEOUT_MS };
  const flags = ['-quiet', '-O2', '-fPIC', '-fno-stack-protector', '-fno-builtin'];
  await run(treeProgram(tree, `${gcc}/${version}/cc1`), [...flags, c, '-o', assembly], options);
  const tool = (name: string) => treeProgram(tree, `/usr/bin/x86_64-linux-gnu-${name}`);
  await run(tool('as'), ['--64', '-o', object, assembly], options);
  await run(tool('ld.bfd'), ['-shared', '-z', 'noexecstack', '-o', library, object], options);
  return library;
}

/**
 * A `path:` reference to the embedded build.
 *
 * @param pauseMs by how much its pauses are longer when it is the source.
 */
export async function plantedBuild(folder: string, name: string, pauseMs = 0): Promise<string> {
  const { program, firmwareArgs } = await resolveBuild('system');
  const library = pauseMs === 0 ? undefined : await sharedLibrary(folder, source(pauseMs));
  const words = [program.file, ...program.args].map(shellQuoted);
  const script = join(folder, name);
  const preload = library === undefined ? '' : `export LD_PRELOAD=${shellQuoted(library)}\n`;
  const environment = Object.entries(program.env ?? {})
    .map(([key, value]) => `export ${key}=${shellQuoted(value)}\n`)
    .join('');
  await writeFile(
    script,
    `#!/bin/sh\n${environment}${preload}exec ${[...words, ...firmwareArgs.map(shellQuoted)].join(' ')} "$@"\n`,
  );
  await chmod(script, 0o755);
  return `path:${script}`;
}
