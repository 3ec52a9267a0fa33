/** Which cells a run is of: the globs of `--only`, as environment.json keeps them. */
import picomatch from 'picomatch';

/** Whether a cell id matches a glob of `--only`, in which `*` matches `/` too. */
export function cellMatcher(glob: string): (cellId: string) => boolean {
  return picomatch(glob, { bash: true, dot: true });
}
