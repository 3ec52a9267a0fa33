/** Telemetry against a small agent over loopback UDP: lost, doubled, stale and senseless datagrams included. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Telemetry } from '../../../harness/guest/telemetry.ts';

/** Answers commands as the agent does, but for what a test makes it forget. */
class Agent implements AsyncDisposable {
  readonly socket: Socket = createSocket('udp4');
  readonly received: string[] = [];
  readonly port: number;
  session = 0;
  sequence = 0;
  /** Commands to leave unanswered before the first answer. */
  deaf = 0;
  answer: (verb: string, args: readonly string[]) => string | undefined = () => 'ok done';

  constructor(port: number) {
    this.port = port;
    this.socket.on('message', (datagram) => this.#receive(datagram.toString()));
  }

  async open(): Promise<this> {
    this.socket.bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    return this;
  }

  say(text: string): void {
    this.socket.send(text, this.port, '127.0.0.1');
  }

  sample(progress: number, state = 'running', over: { session?: number; sequence?: number } = {}) {
    const sequence = over.sequence ?? this.sequence++;
    this.say(`sample ${over.session ?? this.session} ${sequence} 1 1 ${state} ${progress} `);
  }

  #receive(text: string): void {
    this.received.push(text);
    const [, id = '', verb = '', ...args] = text.split(' ');
    if (this.deaf-- > 0) return;
    if (verb === 'session') this.session = Number(args[0]);
    const answer = verb === 'session' ? 'ok boot-1' : this.answer(verb, args);
    if (answer !== undefined) this.say(`reply ${id} ${answer}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

let telemetry: Telemetry;
let agent: Agent;
const quick = { timeoutMs: 8_000 };

beforeEach(async () => {
  telemetry = await Telemetry.open({ address: '127.0.0.1', port: 0 });
  agent = await new Agent(telemetry.local.port).open();
});

afterEach(async () => {
  await telemetry[Symbol.asyncDispose]();
  await agent[Symbol.asyncDispose]();
});

async function begin(): Promise<void> {
  agent.say('hello 1 b0');
  await telemetry.beginSession(quick);
}

describe('beginSession', () => {
  it('agrees on a nonce and takes only its samples', async () => {
    await begin();
    expect(telemetry.bootId).toBe('boot-1');
    agent.sample(1, 'running', { session: agent.session + 1, sequence: 900 });
    agent.sample(2);
    await telemetry.waitForHello(quick);
    await expect.poll(() => telemetry.samples.map(({ progress }) => progress)).toEqual([2]);
  });

  it('forgets the samples of an earlier life, whose numbers may be higher', async () => {
    await begin();
    agent.sample(500, 'running', { sequence: 1_000 });
    await expect.poll(() => telemetry.samples.length).toBe(1);
    const old = agent.session;
    await Promise.all([
      telemetry.beginSession(quick),
      sleep(20).then(() => agent.say('hello 1 b0')),
    ]);
    agent.sample(501, 'running', { sequence: 1_001, session: old });
    agent.sample(3, 'running', { sequence: 4 });
    await expect.poll(() => telemetry.samples.map(({ progress }) => progress)).toEqual([3]);
  });

  it('knocks at the doors of a guest that does not know this collector', async () => {
    const { port } = agent.socket.address();
    await using other = await Telemetry.open({
      address: '127.0.0.1',
      port: 0,
      doors: [{ address: '127.0.0.1', port }],
    });
    const redirected = agent.say.bind(agent);
    agent.say = (text) => agent.socket.send(text, other.local.port, '127.0.0.1');
    await other.beginSession(quick);
    agent.say = redirected;
    expect(other.session).toBe(agent.session);
  });

  it('names the silence', async () => {
    await expect(telemetry.beginSession({ timeoutMs: 100 })).rejects.toMatchObject({
      code: 'guest',
      message: expect.stringMatching(/"session \d+" within 0\.1 s: it was never heard/),
    });
  });
});

describe('samples', () => {
  it('survive garbage, doubles and disorder', async () => {
    await begin();
    agent.say('\0\xff sample of nothing');
    agent.sample(10, 'running', { sequence: 1 });
    agent.sample(20, 'running', { sequence: 3 });
    agent.sample(15, 'running', { sequence: 2 });
    agent.sample(20, 'running', { sequence: 3 });
    agent.sample(30, 'running', { sequence: 4 });
    await expect
      .poll(() => telemetry.samples.map(({ progress }) => progress))
      .toEqual([10, 20, 30]);
  });

  it('are told to listeners until they stop listening', async () => {
    await begin();
    const seen: number[] = [];
    const stop = telemetry.onSample(({ progress }) => seen.push(progress));
    agent.sample(1);
    await expect.poll(() => seen).toEqual([1]);
    stop();
    agent.sample(2);
    await expect.poll(() => telemetry.samples.length).toBe(2);
    expect(seen).toEqual([1]);
  });
});

describe('command', () => {
  it('is sent again until it is answered, under one id', async () => {
    await begin();
    agent.deaf = 3;
    agent.received.length = 0;
    expect(await telemetry.command('ping', ['a b'], quick)).toBe('done');
    expect(agent.received.length).toBeGreaterThanOrEqual(4);
    expect(new Set(agent.received).size).toBe(1);
    expect(agent.received[0]).toMatch(/^command \d+ ping a%20b$/);
  });

  it('waits while the guest is working on it', async () => {
    await begin();
    let asked = 0;
    agent.answer = () => (++asked < 3 ? 'pending verify' : 'ok damaged page 7');
    expect(await telemetry.verify(quick)).toEqual({ intact: false, text: 'page 7' });
  });

  it('takes exit code and output of a program', async () => {
    await begin();
    agent.answer = () => 'ok 3 first\nsecond\n';
    expect(await telemetry.run(['x'], quick)).toEqual({ exitCode: 3, output: 'first\nsecond\n' });
  });

  it('fails with the reason of the guest', async () => {
    await begin();
    agent.answer = () => 'error no such thing';
    await expect(telemetry.command('start', ['/x'], quick)).rejects.toMatchObject({
      code: 'guest',
      message: 'The guest refused "start /x": no such thing.',
    });
  });

  it('fails at its deadline with the last sign of life', async () => {
    await begin();
    agent.answer = () => undefined;
    agent.sample(42);
    await expect.poll(() => telemetry.samples.length).toBe(1);
    await expect(telemetry.command('verify', [], { timeoutMs: 150 })).rejects.toMatchObject({
      code: 'guest',
      message: expect.stringMatching(/"verify" within 0\.15 s: it was last heard .* running at 42/),
    });
  });

  it('can be interrupted, also before it begins', async () => {
    await begin();
    agent.answer = () => undefined;
    const signal = AbortSignal.timeout(50);
    const wait = { timeoutMs: 5_000, signal };
    await expect(telemetry.command('x', [], wait)).rejects.toMatchObject({ code: 'interrupted' });
    await expect(telemetry.command('x', [], wait)).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('waiting', () => {
  it('for ready ends when the program is, or has ended', async () => {
    await begin();
    agent.sample(0, 'starting');
    const ready = telemetry.waitForReady(quick);
    agent.sample(0, 'ready');
    await ready;
    agent.say(`sample ${agent.session} ${agent.sequence++} 1 1 failed 0 no memory`);
    await expect.poll(() => telemetry.samples.at(-1)?.state).toBe('failed');
    await expect(telemetry.waitForReady(quick)).rejects.toMatchObject({
      code: 'guest',
      message: expect.stringContaining('no memory'),
    });
  });

  it('for a steady load passes it, and says why not', async () => {
    await begin();
    const gate = { windowMs: 100, tolerance: 0.5, timeoutMs: 8_000 };
    let progress = 0;
    const load = setInterval(() => agent.sample((progress += 10)), 10);
    const state = await telemetry.waitUntilSteady(gate);
    clearInterval(load);
    expect(state.kind).toBe('steady');
    expect(telemetry.rate(100)).toBeGreaterThan(0);
    const still = await telemetry.waitUntilSteady({ ...gate, timeoutMs: 150 });
    expect(still.kind).toBe('waiting');
  });

  it('does not outlive the telemetry', async () => {
    await begin();
    agent.answer = () => undefined;
    const waiting = telemetry.command('x', [], quick);
    await Promise.all([
      expect(waiting).rejects.toMatchObject({ code: 'interrupted' }),
      telemetry[Symbol.asyncDispose](),
    ]);
  });
});
