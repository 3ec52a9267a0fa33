/** The competing stream: what its sender says, and what the kernel counts. */
import { expect, test } from 'vitest';
import { arrivedDatagrams, parseSent } from '../../../harness/sandbox/stream.ts';

test('what was sent, in whole frames', () => {
  expect(parseSent('sent 1000 refused 10 ns 1500000000')).toEqual({
    sentBytes: 1_514_000,
    refusedBytes: 15_140,
    durationMs: 1500,
  });
  expect(() => parseSent('sent')).toThrow(/Expected what the competing stream sent, found: sent/u);
});

test('datagrams that arrived, whoever took them', () => {
  const snmp = [
    'Ip: Forwarding DefaultTTL InReceives',
    'Ip: 2 64 1234',
    'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors',
    'Udp: 1000 7 30 5 30 0',
    'UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors',
    'UdpLite: 9 9 9 9 9 9',
    '',
  ].join('\n');
  expect(arrivedDatagrams(snmp)).toBe(1037);
  expect(() => arrivedDatagrams('Ip: a\nIp: 1\n')).toThrow(/counters of UDP/u);
});
