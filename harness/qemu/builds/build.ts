/** What a QEMU build is, once it was found. */
import type { Tree } from '../../debian/tree.ts';
import type { Program } from '../../sandbox/process.ts';
import type { BuildFacts } from './probe-build.ts';

/** A QEMU that can be started. */
export interface QemuBuild extends BuildFacts {
  /** As the plan names it. */
  readonly reference: string;
  /** What it turned out to be: for `system`, the file that was found (`path:…`) or the embedded build. */
  readonly resolvedReference: string;
  /** Starts it; the arguments of a machine come after `firmwareArgs`. */
  readonly program: Program;
  /** Absolute path of the emulator's file, whose hash is in `sha256`. */
  readonly binary: string;
  /** `-L FOLDER` for each folder with firmware; empty where the build knows its own. */
  readonly firmwareArgs: readonly string[];
  /** The packages that it runs from; absent for a QEMU of the host's. */
  readonly tree?: Tree;
  /** What the report should say of it: that a missing system QEMU was replaced, or that it is a script. */
  readonly note?: string;
}
