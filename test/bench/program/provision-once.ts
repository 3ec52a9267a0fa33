/** Provide one run with what it needs and print how long that took, in ms: a process of its own, as each run is. */
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { planTrials } from '../../../harness/plan/order.ts';
import { Progress } from '../../../harness/progress.ts';
import { provision } from '../../../harness/provision.ts';
import { findSandboxKind } from '../../../harness/sandbox/enter.ts';

const { plan } = await loadPlanFile({ file: process.argv[2] ?? '', overrides: [] });
const { signal } = new AbortController();
const kind = await findSandboxKind(signal);
const startedMs = performance.now();
await provision({
  ...{ cells: plan.cells, trials: planTrials(plan), kind, signal },
  progress: new Progress({ quiet: true, verbose: false }),
});
process.stdout.write(String(performance.now() - startedMs));
