/** Reading what the client of the service hands over, from a program that speaks as it does. */
import { expect, test } from 'vitest';
import { linesOfLog, REQUESTS_PER_LINE } from '../../../harness/observe/service-job.ts';
import { ServiceClient } from '../../../harness/observe/service.ts';
import { hostProgram } from '../../../harness/sandbox/process.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';
import type { ServiceDefinition } from '../../../workloads/types.ts';

/** A host that stalls for two seconds between two lines is no silence. */
const SILENCE_MS = 3_500;
const TOGETHER = { concurrent: true, timeout: 30_000 };
const service: ServiceDefinition = { protocol: 'line', port: 7, request: 'get {n}' };

/** @param then shell commands for when its standard input has ended. */
function client(then: string): ServiceClient {
  const script = `echo ready; cat > /dev/null; ${then}`;
  return new ServiceClient(
    RunningProcess.start(hostProgram('sh', ['-c', script]), [], { pipes: true }),
    service,
    SILENCE_MS,
  );
}

const log = {
  reconnects: 2,
  requests: Array.from({ length: 2 * REQUESTS_PER_LINE + 500 }, (_, index) => ({
    intendedMs: index * 5,
    ...(index === 2_001 ? {} : { endedMs: index * 5 + 1 }),
    ...(index === 2_000 ? { error: 'ECONNRESET' } : {}),
  })),
};

test(
  'a log is handed over in lines, which may take longer than the limit as long as they keep coming',
  TOGETHER,
  async () => {
    const lines = [...linesOfLog(log)];
    expect(lines).toHaveLength(4);
    const slowly = lines.map((line) => `sleep 1; echo '${line}'`).join('; ');
    await using slow = client(slowly);
    await slow.ready();
    const beganMs = performance.now();
    const { requests, reconnects } = await slow.log();
    expect(performance.now() - beganMs).toBeGreaterThan(SILENCE_MS);
    expect(reconnects).toBe(2);
    const zeroMs = requests[0]?.intendedMs ?? NaN;
    expect(requests).toHaveLength(log.requests.length);
    expect((requests[2_499]?.intendedMs ?? NaN) - zeroMs).toBeCloseTo(2_499 * 5, 3);
    expect((requests[2_499]?.endedMs ?? NaN) - zeroMs).toBeCloseTo(2_499 * 5 + 1, 3);
    expect(requests[2_000]?.error).toBe('ECONNRESET');
    expect(requests[2_001]).not.toHaveProperty('endedMs');
  },
);

test(
  'one that falls silent is not waited for, and one that ends early is not believed',
  TOGETHER,
  async () => {
    const [line = ''] = linesOfLog(log);
    await using silent = client(`echo '${line}'; exec sleep 60`);
    await silent.ready();
    await expect(silent.log()).rejects.toThrow('the client of the service gave no answer');
    await using early = client(`echo '${line}'; exit 3`);
    await early.ready();
    await expect(early.log()).rejects.toThrow('did not say all of its requests');
  },
);
