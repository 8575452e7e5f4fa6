import { ManualClock } from '@ds/clock/memory';
import { describe, expect, it } from 'vitest';
import { MemoryNetwork } from '../../src/memory.ts';

describe('the in-memory network', () => {
  it('refuses a name that is taken, and frees it on close', async () => {
    const network = new MemoryNetwork();
    const first = network.join('a');
    expect(() => network.join('a')).toThrow(
      expect.objectContaining({ code: 'TRANSPORT_NODE_ID_IN_USE' }),
    );
    await first.close();
    await network.join('a').close();
  });

  it('refuses names that are empty, too long or malformed', () => {
    const network = new MemoryNetwork();
    for (const id of ['', 'x'.repeat(129), 'é'.repeat(65), '\ud800']) {
      expect(() => network.join(id)).toThrow(RangeError);
    }
    const node = network.join('é'.repeat(64));
    for (const name of ['', 'x'.repeat(65)]) {
      expect(() => node.channel(name, (plain) => plain)).toThrow(RangeError);
    }
  });

  it('delivers after the latency, and loses what a cut catches on its way', () => {
    const clock = new ManualClock();
    const network = new MemoryNetwork({ clock, latencyMs: 10 });
    const [a, b] = [network.join('a'), network.join('b')];
    const received: unknown[] = [];
    b.channel('c', (plain) => plain).onMessage((_, message) => received.push(message));
    const channel = a.channel('c', (plain) => plain);
    channel.send('b', 1);
    clock.advance(5);
    channel.send('b', 2);
    clock.advance(5);
    expect(received).toEqual([1]);
    network.cut('a', 'b');
    clock.advance(50);
    network.heal('b', 'a');
    channel.send('b', 3);
    clock.advance(10);
    expect(received).toEqual([1, 3]);
  });

  it('stops delivering at once when a handler cuts the link', () => {
    const clock = new ManualClock();
    const network = new MemoryNetwork({ clock });
    const [a, b] = [network.join('a'), network.join('b')];
    const received: unknown[] = [];
    b.channel('c', (plain) => plain).onMessage((_, message) => {
      received.push(message);
      network.cut('a', 'b');
    });
    const channel = a.channel('c', (plain) => plain);
    channel.send('b', 1);
    channel.send('b', 2);
    clock.advance(1);
    expect(received).toEqual([1]);
  });

  it('loses by a cut only what came over that link', () => {
    const clock = new ManualClock();
    const network = new MemoryNetwork({ clock });
    const [a, b, c] = [network.join('a'), network.join('b'), network.join('c')];
    const received: unknown[] = [];
    c.channel('c', (plain) => plain).onMessage((from) => received.push(from));
    a.channel('c', (plain) => plain).send('c', 1);
    b.channel('c', (plain) => plain).send('c', 2);
    network.cut('a', 'c');
    clock.advance(1);
    expect(received).toEqual(['b']);
  });

  it('keeps a cut for nodes that join later', () => {
    const network = new MemoryNetwork();
    network.cut('a', 'b');
    const a = network.join('a');
    network.join('b');
    expect([...a.peers()]).toEqual([]);
    network.heal('a', 'b');
    expect([...a.peers()]).toEqual(['b']);
  });
});
