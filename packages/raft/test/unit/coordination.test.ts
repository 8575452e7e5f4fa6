import { ManualClock } from '@ds/clock/memory';
import { MemoryStore } from '@ds/storage/memory';
import { MemoryNetwork } from '@ds/transport/memory';
import { describe, expect, it } from 'vitest';
import {
  acquireLock,
  type CoordinationCommand,
  type CoordinationEvent,
  type CoordinationMachine,
  decodeAnswer,
  encodeCommand,
  LeaseClock,
  openCoordinationMachine,
} from '../../src/coordination.ts';
import { openRaftNode, type RaftNode } from '../../src/index.ts';
import { MemoryRaftLog } from '../../src/memory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

class Applied {
  readonly events: string[] = [];
  readonly machine: CoordinationMachine;
  #index = 0;

  private constructor(machine: CoordinationMachine) {
    this.machine = machine;
    machine.watch((event) => this.events.push(told(event)), bytes('w'));
  }

  static async open(maxLeases = 10): Promise<Applied> {
    return new Applied(await openCoordinationMachine({ store: new MemoryStore(), maxLeases }));
  }

  async take(...commands: CoordinationCommand[]) {
    const entries = commands.map((command) => {
      this.#index += 1;
      const entry = { index: this.#index, term: 1, kind: 'command', tag: undefined } as const;
      return { ...entry, command: encodeCommand(command) };
    });
    const results = await this.machine.apply(entries);
    return results.map((result) => decodeAnswer(result.ok ? result.result : new Uint8Array(0)));
  }
}

function told(event: CoordinationEvent): string {
  if (event.type === 'reset') return 'reset';
  return `${event.type} ${text(event.key)}`;
}

const put = (key: string, value: string, more = {}): CoordinationCommand => {
  return { kind: 'put', key: bytes(key), value: bytes(value), ...more };
};

describe('the coordination machine', () => {
  it('compares versions, which are places in the log, before it sets or deletes', async () => {
    const { take, machine } = bound(await Applied.open());
    expect(await take(put('k', '1', { ifVersion: 0 }))).toEqual([{ status: 'ok', number: 1 }]);
    expect(await take(put('k', '2', { ifVersion: 0 }))).toEqual([
      { status: 'conflict', number: 1 },
    ]);
    expect(await take(put('k', '3', { ifVersion: 1 }))).toEqual([{ status: 'ok', number: 3 }]);
    const remove = { kind: 'delete', key: bytes('k'), ifVersion: 2 } as const;
    expect(await take(remove)).toEqual([{ status: 'conflict', number: 3 }]);
    expect(text(machine.lookup(bytes('k'))?.value)).toBe('3');
    await take({ kind: 'delete', key: bytes('k') });
    expect(machine.lookup(bytes('k'))).toBe(undefined);
  });

  it('lets keys go with their lease, when nobody keeps it alive, and never early', async () => {
    const { take, machine } = bound(await Applied.open());
    const [granted] = await take({ kind: 'grant', ttlMs: 2_000 });
    const lease = granted!.number;
    await take(put('a', '1', { lease }), put('b', '2', { lease }), put('c', '3'));
    // A part of the first second may have passed before the lease began.
    for (let i = 0; i < 2; i += 1) await take({ kind: 'advance', elapsedMs: 1_000 });
    expect(machine.lookup(bytes('a'))?.lease).toBe(lease);
    await take({ kind: 'keep-alive', lease }, { kind: 'advance', elapsedMs: 1_000 });
    expect(machine.leases).toBe(1);
    for (let i = 0; i < 2; i += 1) await take({ kind: 'advance', elapsedMs: 1_000 });
    expect([machine.lookup(bytes('a')), machine.lookup(bytes('b')), machine.leases]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    expect(text(machine.lookup(bytes('c'))?.value)).toBe('3');
    const [late] = await take({ kind: 'keep-alive', lease });
    expect(late!.status).toBe('no-lease');
  });

  it('takes a key from its lease when it is written without one', async () => {
    const { take, machine } = bound(await Applied.open());
    const [granted] = await take({ kind: 'grant', ttlMs: 1_000 });
    const lease = granted!.number;
    await take(put('k', '1', { lease }), put('k', '2'), { kind: 'revoke', lease });
    expect(text(machine.lookup(bytes('k'))?.value)).toBe('2');
  });

  it('refuses leases beyond its limit, unknown leases, and what it cannot read', async () => {
    const { take, machine } = bound(await Applied.open(1));
    const grant = { kind: 'grant', ttlMs: 1 } as const;
    const answers = await take(grant, grant, put('k', '1', { lease: 99 }));
    expect(answers.map(({ status }) => status)).toEqual(['ok', 'too-many-leases', 'no-lease']);
    for (const junk of [[], [0], [9, 9], [0, 255, 255], [2, 1]]) {
      const entry = { index: 10, term: 1, kind: 'command', tag: undefined } as const;
      const [result] = await machine.apply([{ ...entry, command: Uint8Array.from(junk) }]);
      expect(result?.ok && decodeAnswer(result.result).status).toBe('malformed');
    }
  });

  it('tells watchers what has changed, in order, once reads show it', async () => {
    const applied = await Applied.open();
    const [granted] = await applied.take({ kind: 'grant', ttlMs: 1_000 });
    const lease = granted!.number;
    await applied.take(put('w1', 'x', { lease }), put('other', 'x'), put('w2', 'x', { lease }));
    await applied.take({ kind: 'revoke', lease });
    expect(applied.events).toEqual(['put w1', 'put w2', 'delete w1', 'delete w2']);
    const snapshot = applied.machine.snapshot();
    await applied.machine.restore(snapshot, snapshot.chunks());
    snapshot.release();
    expect(applied.events.at(-1)).toBe('reset');
  });
});

function bound(applied: Applied) {
  return { take: applied.take.bind(applied), machine: applied.machine };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < ms; i += 50) {
    clock.advance(50);
    await settle();
  }
}

/** A group of one, whose leases age. */
async function group(): Promise<[RaftNode, ManualClock]> {
  const clock = new ManualClock();
  const transport = new MemoryNetwork({ clock }).join('a');
  const machine = await openCoordinationMachine({ store: new MemoryStore() });
  const identity = { self: 'a', members: ['a'], clusterId: 'test' };
  const node = await openRaftNode({
    ...identity,
    transport,
    clock,
    log: new MemoryRaftLog(),
    machine,
  });
  new LeaseClock({ node, machine, clock });
  await pass(clock, 100);
  return [node, clock];
}

describe('a lock', () => {
  const lock = (node: RaftNode, clock: ManualClock, owner: string, isCut = () => false) => ({
    key: bytes('lock'),
    owner: bytes(owner),
    clock,
    ttlMs: 3_000,
    execute: (command: Uint8Array) =>
      isCut() ? new Promise<never>(() => {}) : node.propose(command),
  });

  it('has one holder at a time, each with a higher token than the one before', async () => {
    const [node, clock] = await group();
    const first = await acquireLock(lock(node, clock, 'one'));
    const waiting = acquireLock(lock(node, clock, 'two'));
    let second: Awaited<typeof waiting> | undefined;
    waiting.then((held) => (second = held));
    await pass(clock, 10_000);
    expect([first.lost.aborted, second]).toEqual([false, undefined]);
    await first.release();
    await pass(clock, 2_000);
    expect(first.lost.aborted).toBe(true);
    expect(second?.token).toBeGreaterThan(first.token);
    await second?.release();
    await node.close();
  });

  it('is lost to its holder before anybody else can have it', async () => {
    const [node, clock] = await group();
    let isCut = false;
    const first = await acquireLock(lock(node, clock, 'one', () => isCut));
    await pass(clock, 5_000);
    isCut = true;
    let lostAt = 0;
    first.lost.addEventListener('abort', () => (lostAt = clock.monotonic()));
    let heldAt = 0;
    acquireLock(lock(node, clock, 'two')).then(() => (heldAt = clock.monotonic()));
    await pass(clock, 10_000);
    expect(lostAt).toBeGreaterThan(0);
    expect(heldAt).toBeGreaterThan(lostAt);
    await node.close();
  });

  it('stops being waited for when its caller gives up, and leaves no lease', async () => {
    const [node, clock] = await group();
    const first = await acquireLock(lock(node, clock, 'one'));
    const abort = new AbortController();
    const waiting = acquireLock(lock(node, clock, 'two'), { signal: abort.signal });
    const refused = expect(waiting).rejects.toThrow('enough');
    await pass(clock, 500);
    abort.abort(new Error('enough'));
    await refused;
    await first.release();
    await node.close();
  });
});
