/**
 * The datagrams between the guest agent and the host, as text and as data.
 * The agent's side and the reasons are in workloads/agent/PROTOCOL.md.
 */

/** UDP port on which the agent listens in the guest. */
export const AGENT_PORT = 7700;

/** What the agent says of the workload program. */
export type ProgramState =
  'none' | 'starting' | 'ready' | 'running' | 'stopping' | 'verifying' | 'failed' | 'exited';

const programStates: ReadonlySet<string> = new Set<ProgramState>([
  'none',
  'starting',
  'ready',
  'running',
  'stopping',
  'verifying',
  'failed',
  'exited',
]);

export type AgentMessage =
  | { readonly kind: 'hello'; readonly bootId: string }
  | {
      readonly kind: 'sample';
      /** The nonce of the host's last `session` command. */
      readonly session: number;
      /** Counts the samples since boot; a restored guest goes on from its template's. */
      readonly sequence: number;
      readonly guestMonotonicMs: number;
      /** Unix time as the guest believes it, in ms. */
      readonly guestRealtimeMs: number;
      readonly state: ProgramState;
      /** Units of work since the program's start. */
      readonly progress: number;
      /** Why the program failed (its own words) or how it exited (`code 1`, `signal 9`); else empty. */
      readonly text: string;
    }
  | {
      readonly kind: 'reply';
      /** Id of the command. */
      readonly id: string;
      /** `pending`: understood and being done; ask again. */
      readonly status: 'pending' | 'ok' | 'error';
      readonly text: string;
    };

const helloPattern = /^hello 1 ([0-9a-f-]{1,40})$/;
const samplePattern =
  /^sample ([0-9]{1,10}) ([0-9]{1,15}) ([0-9]{1,19}) ([0-9]{1,19}) ([a-z]+) ([0-9]{1,20}) ?([^]*)$/;
const replyPattern = /^reply ([1-9][0-9]{0,19}) (pending|ok|error) ([^]*)$/;

function millisecondsOf(nanoseconds: string): number {
  return Number(nanoseconds) / 1e6;
}

/** Read one datagram of the agent; `undefined` for anything else that arrives at the port. */
export function parseAgentMessage(datagram: string): AgentMessage | undefined {
  const hello = helloPattern.exec(datagram);
  if (hello !== null) return { kind: 'hello', bootId: hello[1] ?? '' };
  const reply = replyPattern.exec(datagram);
  if (reply !== null) {
    const [, id = '', status = '', text = ''] = reply;
    return { kind: 'reply', id, status: status as 'pending' | 'ok' | 'error', text };
  }
  const sample = samplePattern.exec(datagram);
  if (sample === null) return undefined;
  const [, session, sequence, monotonic = '', realtime = '', state = '', progress, text = ''] =
    sample;
  if (!programStates.has(state)) return undefined;
  return {
    kind: 'sample',
    session: Number(session),
    sequence: Number(sequence),
    guestMonotonicMs: millisecondsOf(monotonic),
    guestRealtimeMs: millisecondsOf(realtime),
    state: state as ProgramState,
    progress: Number(progress),
    text,
  };
}

/** Longest datagram that is sent, in bytes: less than any link's MTU, so that none is ever fragmented. */
export const MAXIMUM_DATAGRAM_BYTES = 1400;

/** Arguments of a command are percent-encoded words; an empty one is `%00`. */
function encodeArgument(argument: string): string {
  return argument === '' ? '%00' : encodeURIComponent(argument);
}

/**
 * Write a command for the agent.
 *
 * @param id decimal, not 0, below 2^64, and never used before with this guest: the agent answers a known id from memory.
 * @throws RangeError where the command is longer than one datagram.
 */
export function formatCommand(id: string, verb: string, args: readonly string[]): string {
  const text = ['command', id, verb, ...args.map(encodeArgument)].join(' ');
  if (text.length > MAXIMUM_DATAGRAM_BYTES) {
    throw new RangeError(
      `The command "${verb}" for the guest needs ${text.length} bytes; at most ${MAXIMUM_DATAGRAM_BYTES} fit a datagram. Put long arguments in a file of the guest image.`,
    );
  }
  return text;
}

/** One beat of the guest's heartbeat thread. */
export interface Heartbeat {
  /** The session in which the heartbeat was switched on. */
  readonly session: number;
  /** Beats sent so far, from 0: a hole is a lost datagram. */
  readonly sequence: number;
  /** Slots of the schedule that passed without a beat, so far: the guest itself was late. */
  readonly skipped: number;
  readonly guestMonotonicMs: number;
}

/** Length of a heartbeat datagram in bytes. */
export const HEARTBEAT_BYTES = 24;
const HEARTBEAT_MAGIC = 0x4248474d;

/** Read a heartbeat datagram; `undefined` where it is none. */
export function parseHeartbeat(datagram: Uint8Array): Heartbeat | undefined {
  if (datagram.byteLength !== HEARTBEAT_BYTES) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  if (view.getUint32(0, true) !== HEARTBEAT_MAGIC) return undefined;
  return {
    session: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    skipped: view.getUint32(12, true),
    guestMonotonicMs: Number(view.getBigUint64(16, true)) / 1e6,
  };
}
