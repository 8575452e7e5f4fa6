/** Who gets in at the door for clients, who does not, and that nobody else notices. */
import { afterEach, describe, expect, it } from 'vitest';
import { writeHello, writeToken } from '../../src/client-handshake.ts';
import type { ClientDoor, ClientDoorOptions, RefusalReason } from '../../src/index.ts';
import { attacker } from '../support/attacker.ts';
import { openClient, openDoor, tokenOf } from '../support/clients.ts';
import { open as openNode, until } from '../support/cluster.ts';
import { Uninvited } from '../support/uninvited.ts';

const opened: { close(): Promise<void> }[] = [];

async function open(options: Partial<ClientDoorOptions> = {}): Promise<ClientDoor> {
  const door = await openDoor('door', options);
  opened.push(door);
  return door;
}

function client(door: ClientDoor, self: string, options: Parameters<typeof openClient>[2] = {}) {
  const opening = openClient(self, { door: `ws://127.0.0.1:${door.port}` }, options);
  opened.push(opening);
  return opening;
}

/** The reasons counted so far, without those at 0. */
function refused(door: ClientDoor): Partial<Record<RefusalReason, number>> {
  const counts = Object.entries(door.status().refused).filter(([, count]) => count > 0);
  return Object.fromEntries(counts);
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

describe('the door for clients refuses', () => {
  it('a token that nobody has, and never comes up with it', async () => {
    const door = await open();
    const page = client(door, 'alice', { token: 'guessed' });
    await until(() => (refused(door)['wrong-token'] ?? 0) > 2);
    expect([...door.peers(), ...page.peers()]).toEqual([]);
    expect(page.status().links.door?.problem).toBe('wrong-token');
    expect(Object.keys(refused(door))).toEqual(['wrong-token']);
  });

  it('a name that the token does not give', async () => {
    const door = await open();
    for (const name of ['bob', 'alic', 'alice2', 'bob/alice']) {
      const mallory = await Uninvited.connect(door.port);
      expect(await mallory.enter({ name, token: tokenOf('alice') })).toBe(false);
      expect(await mallory.closed).toBe(4016);
    }
    const alice = await Uninvited.connect(door.port);
    expect(await alice.enter({ name: 'alice/1', token: tokenOf('alice') })).toBe(true);
    expect(door.identityOf('alice/1')).toBe('alice');
    expect(door.identityOf('alice')).toBeUndefined();
    alice.ws.terminate();
  });

  it('the name of the node itself', async () => {
    const door = await open();
    const mallory = await Uninvited.connect(door.port);
    expect(await mallory.enter({ name: 'door', token: tokenOf('door') })).toBe(false);
    expect(refused(door)).toEqual({ self: 1 });
  });

  it('everybody while authenticate throws or answers nonsense, and shows the error', async () => {
    const errors: unknown[] = [];
    for (const authenticate of [
      () => Promise.reject(new Error('a bug')),
      () => {
        throw new Error('a bug');
      },
      () => ({ id: '' }),
      () => ({ id: 'a/b' }),
      () => ({ id: 'x'.repeat(101) }),
    ]) {
      const door = await open({ authenticate, onHandlerError: (error) => errors.push(error) });
      const mallory = await Uninvited.connect(door.port);
      expect(await mallory.enter()).toBe(false);
      expect(refused(door)).toEqual({ 'wrong-token': 1 });
    }
    expect(errors.map((error) => (error as Error).name)).toEqual([
      ...['Error', 'Error', 'RangeError', 'RangeError', 'RangeError'],
    ]);
  });

  it('more clients than there is room for, in all and of one identity', async () => {
    const door = await open({ maxClients: 3, maxPerIdentity: 2 });
    const enter = async (name: string): Promise<boolean> => {
      const page = await Uninvited.connect(door.port);
      opened.push({ close: async () => page.ws.terminate() });
      return page.enter({ name, token: tokenOf(name.split('/')[0]!) });
    };
    expect([await enter('a/1'), await enter('a/2'), await enter('a/3')]).toEqual([
      ...[true, true, false],
    ]);
    expect([await enter('b'), await enter('c')]).toEqual([true, false]);
    expect(refused(door)).toEqual({ 'too-many-clients': 2 });
    expect([...door.peers()]).toEqual(['a/1', 'a/2', 'b']);
  });

  it('a second page of the same name, and keeps the first', async () => {
    const door = await open();
    const first = client(door, 'alice');
    await until(() => [...first.peers()].length === 1);
    const second = client(door, 'alice');
    await until(() => (refused(door)['duplicate-id'] ?? 0) > 2);
    expect([...first.peers(), ...second.peers()]).toEqual(['door']);
    await first.close();
    await until(() => [...second.peers()].length === 1);
  });

  it('a node of the cluster, as the cluster refuses a client', async () => {
    const door = await open();
    const node = await openNode('node', { peers: { door: `ws://127.0.0.1:${door.port}` } });
    opened.push(node);
    await until(() => node.status().links.door?.problem === 'bad-hello');
    expect(refused(door)['bad-hello']).toBeGreaterThan(0);
    const mallory = await Uninvited.connect(node.port!);
    expect(await mallory.enter({ name: 'friend' })).toBe(false);
    expect(node.status().refused['bad-hello']).toBe(1);
    expect([...node.peers(), ...door.peers()]).toEqual([]);
  });

  it('frames out of turn, of another version, and too long', async () => {
    const door = await open();
    const hello = writeHello('alice', new Uint8Array(16));
    const frames: [RefusalReason, readonly Uint8Array[]][] = [
      ['wrong-version', [Uint8Array.from(hello).fill(2, 4, 5)]],
      ['bad-hello', [writeToken(tokenOf('alice'))]],
      ['bad-hello', [hello, hello]],
      ['bad-hello', [hello.subarray(0, 22)]],
      ['bad-hello', [writeHello('x'.repeat(129), new Uint8Array(16))]],
      ['bad-hello', [Uint8Array.from([...hello, 0xff])]],
      ['bad-hello', [new Uint8Array(0)]],
      ['bad-hello', [hello, Uint8Array.from([0x44, 0x53, 0x57, 0x43, 1, 3])]],
    ];
    for (const [reason, sent] of frames) {
      const before = refused(door)[reason] ?? 0;
      const mallory = await attacker(door.port);
      for (const frame of sent) mallory.send(frame);
      await mallory.closed;
      expect(refused(door)[reason]).toBe(before + 1);
    }
    expect(Object.keys(refused(door)).sort()).toEqual(['bad-hello', 'wrong-version']);
  });

  it('to hear more than a token from a stranger, and anything before its welcome', async () => {
    let answer: (identity: { id: string }) => void = () => {};
    const asked: AbortSignal[] = [];
    const door = await open({
      authenticate: (_token, signal) => {
        asked.push(signal);
        return new Promise((resolve) => (answer = resolve));
      },
    });
    const eager = await Uninvited.connect(door.port);
    eager.send(writeHello('eager', new Uint8Array(16)));
    await eager.receive();
    eager.send(writeToken('any'));
    eager.send(Buffer.from('a17807', 'hex'));
    await eager.closed;
    expect(refused(door)).toEqual({ 'bad-hello': 1 });
    expect(asked[0]?.aborted).toBe(true);
    // An answer that comes too late lets nobody in.
    answer({ id: 'eager' });
    const loud = await Uninvited.connect(door.port);
    loud.send(writeHello('loud', new Uint8Array(16)));
    await loud.receive();
    loud.send(new Uint8Array(100_000));
    await loud.closed;
    expect(refused(door)).toEqual({ 'bad-hello': 1, 'too-large': 1 });
    expect([...door.peers()]).toEqual([]);
  });
});

describe('a client', () => {
  it('takes the place of its own connection that the node still holds for alive', async () => {
    const door = await open();
    const events: string[] = [];
    door.onPeer(({ kind, peer, incarnation }) => events.push(`${kind} ${peer} ${incarnation}`));
    const instance = new Uint8Array(16).fill(9);
    const [lost, again] = [await Uninvited.connect(door.port), await Uninvited.connect(door.port)];
    expect(await lost.enter({ instance })).toBe(true);
    expect(await again.enter({ instance })).toBe(true);
    await lost.closed;
    expect(events).toEqual(['up mallory 1', 'down mallory 1', 'up mallory 2']);
    again.ws.terminate();
  });

  it('gives its token only to the node it dialled', async () => {
    const door = await open();
    let asked = 0;
    const page = openClient(
      'alice',
      { other: `ws://127.0.0.1:${door.port}` },
      { token: () => `${(asked += 1)}` },
    );
    opened.push(page);
    await until(() => page.status().refused['wrong-node'] > 1);
    expect(asked).toBe(0);
    expect([...door.peers(), ...page.peers()]).toEqual([]);
  });

  it('asks for a fresh token at every dial, and lets a failure to have one pass', async () => {
    const door = await open();
    const errors: unknown[] = [];
    let asked = 0;
    const page = client(door, 'alice', {
      onHandlerError: (error) => errors.push(error),
      token: async () => {
        asked += 1;
        if (asked === 1) throw new Error('signed out');
        return asked === 2 ? 'expired' : tokenOf('alice');
      },
    });
    await until(() => [...page.peers()].length === 1);
    expect(asked).toBe(3);
    expect(errors).toMatchObject([{ message: 'signed out' }]);
    expect(refused(door)).toEqual({ 'wrong-token': 1 });
  });

  it('sees the node and nobody else', async () => {
    const door = await open();
    const [alice, bob] = [client(door, 'alice'), client(door, 'bob')];
    await until(() => [...alice.peers(), ...bob.peers()].length === 2);
    const heard: unknown[] = [];
    bob.channel('x', (plain) => plain).onMessage((from) => heard.push(from));
    const toBob = alice.channel('x', (plain) => plain);
    expect(toBob.send('bob', 1)).toBe('unreachable');
    expect(toBob.send('door', 1)).toBe('queued');
    const fromDoor = door.channel('x', (plain) => plain);
    expect(fromDoor.send('bob', 2)).toBe('queued');
    await until(() => heard.length === 1);
    expect(heard).toEqual(['door']);
    expect([[...alice.peers()], [...bob.peers()]]).toEqual([['door'], ['door']]);
  });

  it('refuses options without bounds or sense', async () => {
    for (const options of [
      { maxClients: 0 },
      { maxPerIdentity: Number.POSITIVE_INFINITY },
      { maxQueuedBytes: 10 },
      { heartbeatMs: 1_000, deadAfterMs: 1_500 },
    ]) {
      await expect(openDoor('door', options)).rejects.toThrow(RangeError);
    }
    for (const nodes of [{ door: 'http://x' }, { door: 'x' }, { alice: 'ws://x' }]) {
      expect(() => openClient('alice', nodes)).toThrow(RangeError);
    }
    expect(() => openClient('', {})).toThrow(RangeError);
    expect(() => openClient('alice', {}, { maxMessageBytes: 2 ** 40 })).toThrow(RangeError);
  });
});
