import { transportConformance } from '@ds/transport/conformance';
import { MemoryNetwork } from '@ds/transport/memory';
import { describe, expect, it } from 'vitest';
import { IsolatingTransport } from '../../src/isolating-transport.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a node that is cut off', () => {
  it('neither hears nor is heard, and sees its peers go and come back', async () => {
    const network = new MemoryNetwork();
    const a = new IsolatingTransport(network.join('a'));
    const b = network.join('b');
    const [fromA, fromB] = [a, b].map((it) => it.channel('x', (plain) => plain as string));
    const heard: string[] = [];
    const peers: string[] = [];
    fromA!.onMessage((_from, message) => heard.push(`a ${message}`));
    fromB!.onMessage((_from, message) => heard.push(`b ${message}`));
    a.onPeer(({ kind, incarnation }) => peers.push(`${kind} ${incarnation}`));
    a.isolate();
    expect(fromA!.send('b', 'lost')).toBe('unreachable');
    expect(fromB!.send('a', 'lost')).toBe('queued');
    expect([...a.peers()]).toEqual([]);
    expect(fromA!.send('a', 'to itself')).toBe('queued');
    await settle();
    a.rejoin();
    expect(fromA!.send('b', 'there')).toBe('queued');
    expect(fromB!.send('a', 'back')).toBe('queued');
    await settle();
    expect(heard.sort()).toEqual(['a back', 'a to itself', 'b there']);
    expect(peers).toEqual(['down 1', 'up 2']);
    await Promise.all([a.close(), b.close()]);
  });
});

describe('while it is not isolated', () => {
  transportConformance({
    describe,
    it,
    expect,
    create: () => {
      const errors: unknown[] = [];
      const network = new MemoryNetwork({ onHandlerError: (error) => errors.push(error) });
      const joined: IsolatingTransport[] = [];
      return {
        join: (id) => {
          const node = new IsolatingTransport(network.join(id));
          joined.push(node);
          return node;
        },
        settle,
        cut: (a, b) => network.cut(a, b),
        heal: (a, b) => network.heal(a, b),
        handlerErrors: errors,
        close: async () => void (await Promise.all(joined.map((node) => node.close()))),
      };
    },
  });
});
