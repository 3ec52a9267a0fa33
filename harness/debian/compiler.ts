/**
 * A C compiler for the programs that run inside guests: always Debian's own from a tree, never the host's, so that
 * guest images are the same on every host.
 *
 * gcc's driver would start its parts by the host's loader; so cc1, as and ld are started one by one by the tree's.
 */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { MigbenchError, type ErrorCode } from '../errors.ts';
import { run, type Program, type RunOptions } from '../sandbox/process.ts';
import { hostArchitecture } from './architecture.ts';
import { cacheLayout, WorkDirectory } from './cache.ts';
import type { ProvisionOptions } from './progress.ts';
import { resolveTree } from './resolve-tree.ts';
import { treeProgram, type Tree } from './tree.ts';

/** What to compile. */
export interface Compilation {
  /** C files; relative ones are relative to the working directory. */
  readonly sources: readonly string[];
  /** The program to write, for all to run. It appears under this name only when it is whole. */
  readonly output: string;
  readonly includeDirs?: readonly string[];
  /** Macros: name → value. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Libraries beside libc (which has pthread): `m`, `rt`, … */
  readonly libraries?: readonly string[];
  /** The code of the error where a source is wrong: `internal` where absent, as for sources of migbench's own. */
  readonly errorCode?: ErrorCode;
  /** Further options of cc1, such as `-Werror`. The defaults are -O2, gnu17 and -Wall. */
  readonly flags?: readonly string[];
}

const COMPILE_LIMIT_MS = 2 * 60_000;

const request = {
  name: 'compiler',
  suite: 'bookworm',
  packages: ['cpp-12', 'binutils', 'libgcc-12-dev', 'libc6-dev', 'linux-libc-dev'],
  leaveOut: [
    'libasan8',
    'libatomic1',
    'libcrypt-dev',
    'libc-dev-bin',
    'libgomp1',
    'libgprofng0',
    'libitm1',
    'liblsan0',
    'libnsl-dev',
    'libquadmath0',
    'libtirpc-dev',
    'libtsan2',
    'libubsan1',
    'rpcsvc-proto',
  ],
} as const;

/** The compiler's tree: its key belongs into the key of whatever is made of its output. */
export async function compilerTree(options: ProvisionOptions = {}): Promise<Tree> {
  return resolveTree(request, options);
}

interface Toolchain {
  readonly root: string;
  readonly cc1: Program;
  readonly as: Program;
  readonly ld: Program;
  /** Folder of crtbegin, libgcc and gcc's own headers. */
  readonly gccFolder: string;
  readonly triplet: string;
}

async function toolchain(options: ProvisionOptions): Promise<Toolchain> {
  const tree = await compilerTree(options);
  const { triplet } = hostArchitecture();
  const gcc = `/usr/lib/gcc/${triplet}`;
  const [version] = await readdir(join(tree.root, gcc));
  if (version === undefined)
    throw new MigbenchError('internal', `Expected a gcc in ${join(tree.root, gcc)}, found none`);
  return {
    root: tree.root,
    cc1: treeProgram(tree, `${gcc}/${version}/cc1`),
    as: treeProgram(tree, `/usr/bin/${triplet}-as`),
    ld: treeProgram(tree, `/usr/bin/${triplet}-ld.bfd`),
    gccFolder: join(tree.root, gcc, version),
    triplet,
  };
}

/** cc1's arguments for one source; paths of this machine do not get into the output. */
function cc1Arguments(
  tools: Toolchain,
  compilation: Compilation,
  source: string,
  output: string,
): string[] {
  const headers = [
    join(tools.gccFolder, 'include'),
    join(tools.root, 'usr/include', tools.triplet),
    join(tools.root, 'usr/include'),
  ];
  return [
    '-quiet',
    '-nostdinc',
    '-march=x86-64',
    '-mtune=generic',
    '-std=gnu17',
    '-O2',
    '-fno-pie',
    '-Wall',
    '-D_REENTRANT',
    ...(compilation.includeDirs ?? []).flatMap((folder) => ['-I', resolve(folder)]),
    ...headers.flatMap((folder) => ['-isystem', folder]),
    ...Object.entries(compilation.defines ?? {}).map(([name, value]) => `-D${name}=${value}`),
    `-ffile-prefix-map=${dirname(source)}=.`,
    ...(compilation.flags ?? []),
    source,
    '-o',
    output,
  ];
}

function ldArguments(
  tools: Toolchain,
  objects: readonly string[],
  libraries: readonly string[],
  output: string,
): string[] {
  const libraryFolder = join(tools.root, 'usr/lib', tools.triplet);
  const libc = (name: string): string => join(libraryFolder, name);
  const gcc = (name: string): string => join(tools.gccFolder, name);
  return [
    `--sysroot=${tools.root}`,
    '-static',
    '-m',
    'elf_x86_64',
    '--build-id=none',
    '-z',
    'noexecstack',
    '-z',
    'relro',
    '-s',
    '-o',
    output,
    libc('crt1.o'),
    libc('crti.o'),
    gcc('crtbeginT.o'),
    `-L${tools.gccFolder}`,
    `-L${libraryFolder}`,
    ...objects,
    '--start-group',
    ...libraries.map((name) => `-l${name}`),
    '-lgcc',
    '-lgcc_eh',
    '-lc',
    '--end-group',
    gcc('crtend.o'),
    libc('crtn.o'),
  ];
}

/**
 * Compile C sources to one static program.
 *
 * @throws MigbenchError `internal` (or the given code) with the compiler's words where a source is wrong; `host-unfit` where the
 *   compiler cannot be fetched; `interrupted`.
 */
export async function compileStatic(
  compilation: Compilation,
  options: ProvisionOptions = {},
): Promise<void> {
  const tools = await toolchain(options);
  await using work = new WorkDirectory(cacheLayout(options.cache), 'compile');
  const runOptions = (purpose: string): RunOptions => ({
    timeoutMs: COMPILE_LIMIT_MS,
    purpose,
    cwd: work.path,
    ...(compilation.errorCode === undefined ? {} : { errorCode: compilation.errorCode }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const jobs = compilation.sources.map((source, index) => ({
    source: resolve(source),
    object: join(work.path, `${index}-${basename(source, '.c')}.o`),
  }));
  const waiting = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const assembly = `${job.object}.s`;
      const purpose = `compile ${job.source}`;
      options.onProgress?.({ phase: 'compile', doneBytes: 0, detail: basename(job.source) });
      await run(
        tools.cc1,
        cc1Arguments(tools, compilation, job.source, assembly),
        runOptions(purpose),
      );
      await run(tools.as, ['--64', '-o', job.object, assembly], runOptions(purpose));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const output = resolve(compilation.output);
  await mkdir(dirname(output), { recursive: true });
  const temporary = `${output}.${basename(work.path)}~`;
  try {
    const objects = jobs.map(({ object }) => object);
    await run(
      tools.ld,
      ldArguments(tools, objects, compilation.libraries ?? [], temporary),
      runOptions(`link ${output}`),
    );
    // Whatever this process's umask is: the users of a guest run it.
    await chmod(temporary, 0o755);
    await rename(temporary, output);
  } finally {
    await rm(temporary, { force: true });
  }
}
