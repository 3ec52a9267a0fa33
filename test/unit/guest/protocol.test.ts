/** Datagrams of the guest agent: read back as sent, and anything else refused without an error. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatCommand,
  HEARTBEAT_BYTES,
  parseAgentMessage,
  parseHeartbeat,
} from '../../../harness/guest/protocol.ts';

describe('parseAgentMessage', () => {
  it('reads a sample', () => {
    const text = 'sample 7 12 2500000 1700000000123000000 running 4096 ';
    expect(parseAgentMessage(text)).toEqual({
      kind: 'sample',
      session: 7,
      sequence: 12,
      guestMonotonicMs: 2.5,
      guestRealtimeMs: 1_700_000_000_123,
      state: 'running',
      progress: 4096,
      text: '',
    });
  });

  it('reads why a program has ended', () => {
    expect(parseAgentMessage('sample 7 12 1 1 exited 9 signal 11')).toMatchObject({
      state: 'exited',
      text: 'signal 11',
    });
  });

  it('reads a greeting and replies, whose text may have lines', () => {
    expect(parseAgentMessage('hello 1 06a2d98d-2ac4')).toEqual({
      kind: 'hello',
      bootId: '06a2d98d-2ac4',
    });
    expect(parseAgentMessage('reply 18446744073709551615 ok 0 a\nb\n')).toEqual({
      kind: 'reply',
      id: '18446744073709551615',
      status: 'ok',
      text: '0 a\nb\n',
    });
  });

  it.each([
    '',
    'hello',
    'hello 2 abc',
    'sample 7 12 1 1 flying 9',
    'sample 7 12 1 1 running -9',
    'reply 0 ok x',
    'reply 1 maybe x',
    'command 1 ping',
  ])('refuses %j', (text) => {
    expect(parseAgentMessage(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        parseAgentMessage(text);
        parseAgentMessage(`sample ${text}`);
        parseAgentMessage(`reply ${text}`);
      }),
    );
  });
});

describe('formatCommand', () => {
  it('encodes arguments as words', () => {
    expect(formatCommand('5', 'run', ['sh', '-c', 'echo "ä" %', ''])).toBe(
      'command 5 run sh -c echo%20%22%C3%A4%22%20%25 %00',
    );
  });

  it('gives back every argument when split and decoded', () => {
    const argument = fc.string({ maxLength: 40 });
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 8 }), (args) => {
        const words = formatCommand('1', 'run', args).split(' ').slice(3);
        const decoded = words.map((word) => (word === '%00' ? '' : decodeURIComponent(word)));
        expect(decoded).toEqual(args);
      }),
    );
  });

  it('refuses what does not fit a datagram', () => {
    expect(() => formatCommand('1', 'run', ['x'.repeat(1500)])).toThrow(RangeError);
  });
});

describe('parseHeartbeat', () => {
  const beat = Buffer.alloc(HEARTBEAT_BYTES);
  beat.write('MGHB', 'latin1');
  beat.writeUInt32LE(9, 4);
  beat.writeUInt32LE(1000, 8);
  beat.writeUInt32LE(3, 12);
  beat.writeBigUInt64LE(1_500_000n, 16);

  it('reads a beat', () => {
    expect(parseHeartbeat(beat)).toEqual({
      session: 9,
      sequence: 1000,
      skipped: 3,
      guestMonotonicMs: 1.5,
    });
  });

  it('refuses other lengths and other beginnings', () => {
    expect(parseHeartbeat(beat.subarray(1))).toBeUndefined();
    expect(parseHeartbeat(Buffer.alloc(HEARTBEAT_BYTES))).toBeUndefined();
  });
});
