/**
 * The client process of the service probe: a process of its own, so that nothing in the harness delays a request or the
 * stamp of an answer. It runs until its standard input ends.
 */
import { once } from 'node:events';
import { messageOf } from '../errors.ts';
import { linesOfLog, READY, type ServiceJob } from './service-job.ts';
import { ServiceLoad } from './service-load.ts';

const job = JSON.parse(process.argv[2] ?? 'null') as ServiceJob;
const load = new ServiceLoad(job.service, job.host, job.requestsPerSecond);
const say = (line: string, then?: () => void) => process.stdout.write(`${line}\n`, then);

try {
  await load.start(job.startTimeoutMs);
  say(READY);
  process.stdin.resume();
  await once(process.stdin, 'end');
  for (const line of linesOfLog(load.stop())) {
    await new Promise<void>((written) => say(line, written));
  }
  process.exit(0);
} catch (error) {
  say(messageOf(error).replaceAll('\n', ' '), () => process.exit(1));
}
