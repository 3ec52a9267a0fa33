/** Which cells a run is of: the globs of `--only`, as environment.json keeps them. */
import picomatch from 'picomatch';

/** Whether a cell id matches a glob of `--only`, in which `*` matches `/` too; without one, all do. */
export function cellMatcher(glob: string | undefined): (cellId: string) => boolean {
  return glob === undefined ? () => true : picomatch(glob, { bash: true, dot: true });
}
