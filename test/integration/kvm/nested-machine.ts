/**
 * A machine with KVM inside one without: emulated by TCG with AMD's virtualization extensions, booted from Debian's
 * kernel with kvm_amd, with migbench and its warm cache on its disk. What runs there is this very program, under real
 * KVM; only its speed means nothing.
 */
import {
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheLayout } from '../../../harness/debian/cache.ts';
import { resolveTree } from '../../../harness/debian/resolve-tree.ts';
import { openToolbox } from '../../../harness/debian/toolbox.ts';
import { resolveInTree } from '../../../harness/debian/tree.ts';
import { buildImage } from '../../../harness/guest/image.ts';
import { kernelVersionOf, orderedModules } from '../../../harness/guest/image/kernel-modules.ts';
import { kernelRequest } from '../../../harness/guest/image/recipe.ts';
import { addSkeleton, stageTree } from '../../../harness/guest/image/root-files.ts';
import { messageOf } from '../../../harness/errors.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { resolveBuild } from '../../../harness/qemu/builds/index.ts';
import { hostProgram, run } from '../../../harness/sandbox/process.ts';
import { builtInWorkloads } from '../../../workloads/registry.ts';

/** The only QEMU in there, and the one that emulates the machine. */
const QEMU = 'debian:trixie';
const MEMORY = '3G';
/** Enough for a few runs of some trials; sparse. */
const OUTPUT_BYTES = 512 * 1024 * 1024;
/** Of the console of a machine that reset itself, for whoever looks for the reason. */
const LAST_LINES = 40;
/** Where the machine finds things. */
const PROGRAM = 'opt/migbench';
const CACHE = 'root/.cache/migbench';

const rootRequest = {
  name: 'nested-root',
  suite: 'trixie',
  packages: [
    ...['base-files', 'coreutils', 'dash', 'iproute2', 'kmod', 'libc-bin', 'mount', 'nodejs'],
    ...['tar', 'util-linux', 'apt', 'dpkg'],
  ],
  leaveOut: ['debconf', 'adduser', 'init-system-helpers', 'perl-base', 'passwd', 'tzdata', 'mawk'],
} as const;

/** Modules beyond what every guest loads: KVM itself, and what the sandbox's network is made of. */
const MODULES = ['kvm_amd', 'tun', 'veth', 'bridge', 'sch_tbf', 'sch_netem'] as const;

const SCRIPT = `#!/bin/sh
export HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
exec </dev/null >/dev/console 2>&1
for module in $(cat /modules/order); do insmod "/modules/$module" || echo "nested: no $module"; done
[ -c /dev/kvm ] && echo 'nested: has kvm'
cd /${PROGRAM}
/bin/sh /nested/command >/nested/out/words 2>&1
echo "nested: exit code $?"
cat /nested/out/words
tar -c -f /dev/vdb -C /nested/out .
sync
echo b >/proc/sysrq-trigger
`;

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isFile()) await link(source, target).catch(() => copyFile(source, target));
  }
}

/** What a user of the published package has, as far as it is installed here. */
async function productionPackages(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(packageRoot, path)));
}

/** The program, and what of the cache it needs to start a guest of this build. */
async function stageProgram(root: string): Promise<void> {
  for (const name of ['dist', 'workloads', 'plans', 'test/fixtures/plans', 'harness/observe']) {
    await linkTree(join(packageRoot, name), join(root, PROGRAM, name));
  }
  await copyFile(join(packageRoot, 'package.json'), join(root, PROGRAM, 'package.json'));
  // A package may hold others that are listed too: what is there already stays.
  for (const path of await productionPackages()) {
    if (!existsSync(join(root, PROGRAM, path))) {
      await linkTree(join(packageRoot, path), join(root, PROGRAM, path));
    }
  }
  const cache = cacheLayout().root;
  await mkdir(join(root, CACHE, 'refs'), { recursive: true });
  const wanted = /^(compiler|guest-kernel|guest-root|toolbox|qemu-debian-trixie)~/u;
  for (const name of (await readdir(join(cache, 'refs'))).filter((file) => wanted.test(file))) {
    const text = await readFile(join(cache, 'refs', name), 'utf8');
    const { key } = JSON.parse(text) as { key: string };
    await writeFile(join(root, CACHE, 'refs', name), text);
    await linkTree(join(cache, 'trees', key), join(root, CACHE, 'trees', key));
  }
  for (const name of ['images', 'programs']) {
    await linkTree(join(cache, name), join(root, CACHE, name));
  }
}

async function stageModules(root: string): Promise<void> {
  const modules = resolveInTree(await resolveTree(kernelRequest), '/lib/modules');
  const version = await kernelVersionOf(modules);
  const ordered = await orderedModules(join(modules, version, 'kernel'), MODULES);
  await mkdir(join(root, 'modules'));
  for (const { name, content } of ordered) {
    await writeFile(join(root, 'modules', `${name}.ko`), content);
  }
  const order = ordered.map(({ name }) => `${name}.ko\n`).join('');
  await writeFile(join(root, 'modules', 'order'), order);
}

/**
 * The command that runs the cells of kvm.yaml that a glob names, and leaves the run directory as `run`. What did not complete is
 * tried once more: the emulated extensions of this machine end a guest of KVM now and then, without a word from QEMU, and
 * a busy host makes it slow.
 */
export function nestedRun(only: string): string {
  const migbench = 'node dist/harness/cli/main.js run';
  const plan = 'test/fixtures/plans/kvm.yaml';
  const again = '--resume /nested/out/run --retry failed,invalid,not-converged';
  return (
    `${migbench} ${plan} --only '${only}' --out /nested/out/run || ` +
    `{ echo 'nested: once more'; ${migbench} ${again}; }`
  );
}

export interface NestedResult {
  /** Of the command; absent where the machine reset itself before that, twice. */
  readonly exitCode?: number;
  /** Why the machine could not be used: it did not end in its time, or has no KVM. */
  readonly unfit?: string;
  /** What the machine said, the command's own words included. */
  readonly console: string;
  /** What the command left in /nested/out. */
  readonly folder: string;
}

function driveArguments(name: string, path: string, readOnly: 'on' | 'off'): string[] {
  return [
    ...['-drive', `if=none,id=${name},format=raw,file=${path},read-only=${readOnly}`],
    ...['-device', `virtio-blk-pci,drive=${name}`],
  ];
}

const lastWords = (console: string) => console.trimEnd().split('\n').slice(-LAST_LINES).join('\n');

/**
 * Boot the machine, run a shell command in it (in the folder of migbench, as root), and bring back what it left in
 * /nested/out. A machine that resets itself before the command has ended is booted once more: its emulated extensions
 * are not to be relied on.
 *
 * @param folder an empty folder for the machine's disks, which are removed, and its output, which stays.
 */
export async function runNested(
  command: string,
  folder: string,
  timeoutMs: number,
): Promise<NestedResult> {
  const [tree, toolbox, build, image] = await Promise.all([
    resolveTree(rootRequest),
    openToolbox(['mksquashfs'], { source: 'tree' }),
    resolveBuild(QEMU),
    buildImage({ workloads: builtInWorkloads }),
  ]);
  // Beside the cache, so that most of it are links.
  const work = await mkdtemp(join(cacheLayout().root, 'nested-'));
  const root = join(work, 'root');
  const disk = join(work, 'root.squashfs');
  const output = join(work, 'output.raw');
  const consolePath = join(folder, 'console.log');
  try {
    await stageTree(tree.root, root);
    await addSkeleton(root);
    await stageProgram(root);
    await stageModules(root);
    await mkdir(join(root, 'nested', 'out'), { recursive: true });
    await writeFile(join(root, 'nested', 'command'), `${command}\n`);
    const agent = join(root, 'usr/lib/migbench/agent');
    await mkdir(join(root, 'usr/lib/migbench'), { recursive: true });
    await writeFile(agent, SCRIPT, { mode: 0o755 });
    await run(
      toolbox.program('mksquashfs'),
      [root, disk, '-noappend', '-no-progress', '-quiet', '-comp', 'lz4', '-all-root'],
      { timeoutMs: 300_000 },
    );
    await rm(root, { recursive: true });
    const boot = async (limitMs: number): Promise<NestedResult> => {
      await rm(output, { force: true });
      await writeFile(output, '');
      await truncate(output, OUTPUT_BYTES);
      const emulated = run(
        build.program,
        [
          ...build.firmwareArgs,
          ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max,+svm'],
          ...['-smp', '2', '-m', MEMORY],
          ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
          ...['-kernel', image.kernel, '-initrd', image.initrd],
          ...['-append', 'console=ttyS0 quiet panic=-1'],
          ...driveArguments('root', disk, 'on'),
          ...driveArguments('output', output, 'off'),
          ...['-chardev', `file,id=console,path=${consolePath}`, '-serial', 'chardev:console'],
        ],
        { timeoutMs: limitMs },
      );
      const inTime = await emulated.then(
        () => true,
        (error: unknown) => {
          if (!/did not end within/u.test(messageOf(error))) throw error;
          return false;
        },
      );
      const words = await readFile(consolePath, 'utf8').catch(() => '');
      const told = { console: words, folder };
      if (!inTime) return { ...told, unfit: `it did not end within ${timeoutMs / 1000} s` };
      if (!words.includes('nested: has kvm')) return { ...told, unfit: 'it has no KVM' };
      const exitCode = /nested: exit code (\d+)/u.exec(words)?.[1];
      return exitCode === undefined ? told : { ...told, exitCode: Number(exitCode) };
    };
    const startedMs = performance.now();
    let result = await boot(timeoutMs);
    if (result.exitCode === undefined && result.unfit === undefined) {
      process.stderr.write(`The emulated machine reset itself:\n${lastWords(result.console)}\n`);
      result = await boot(timeoutMs - (performance.now() - startedMs));
    }
    if (result.exitCode !== undefined) {
      await run(hostProgram('tar'), ['-x', '-f', output, '-C', folder], { timeoutMs: 60_000 });
    }
    return result;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
