/** Programs of Node, which die with this process however that ends; among them the built one. */
import { join } from 'node:path';
import { packageRoot } from '../../../harness/paths.ts';
import { hostProgram, type Program } from '../../../harness/sandbox/process.ts';

/** @param entry a file of JavaScript. */
export function nodeProgram(entry: string): Program {
  return hostProgram('setpriv', ['--pdeathsig', 'KILL', process.execPath, entry]);
}

/** The built program. */
export const migbench = nodeProgram(join(packageRoot, 'dist', 'harness', 'cli', 'main.js'));
