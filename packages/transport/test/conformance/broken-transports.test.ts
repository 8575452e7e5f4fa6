/** The suite can fail: for each rule of the port, a transport that breaks it is caught there. */
import { runSuite } from '@ds/clock/conformance';
import { describe, expect, it } from 'vitest';
import { transportConformance } from '../../src/conformance.ts';
import type { Channel, NodeId, Transport } from '../../src/transport.ts';
import { memoryNetworkUnderTest } from './memory-network.ts';

type Breaks = (transport: Transport) => Transport;

const broken: Record<string, Breaks> = {
  'rule 1: sends what is not plain data': channels((channel) => ({
    send: (to, message) => {
      try {
        return channel.send(to, message);
      } catch {
        return 'queued';
      }
    },
  })),
  'rule 1: turns bytes into arrays': decoding((plain) =>
    plain instanceof Uint8Array ? [...plain] : plain,
  ),
  'rule 1: loses the kind of bigints': decoding((plain) =>
    typeof plain === 'bigint' ? Number(plain) : plain,
  ),
  'rule 1: takes messages of any size': channels((channel) => ({
    send: (to, message) => {
      const large = message instanceof Uint8Array && message.length > 1_000_000;
      return channel.send(to, large ? message.subarray(0, 1_000) : message);
    },
  })),
  'rule 2: claims to reach strangers': channels((channel) => ({
    send: (to, message) => (to === 'nobody' ? 'queued' : channel.send(to, message)),
  })),
  'rule 2: never says that it is full': channels((channel) => ({
    send: (to, message) => {
      const result = channel.send(to, message);
      return result === 'saturated' ? 'queued' : result;
    },
  })),
  'rule 2: never announces room': channels(() => ({ onDrain: () => () => {} })),
  'rule 2: forgets on a new connection who waits for room': (transport) => {
    const silent = channels((channel) => ({
      onDrain: (listener) => {
        let cut = false;
        transport.onPeer(({ kind }) => {
          cut ||= kind === 'down';
        });
        return channel.onDrain((peer) => !cut && listener(peer));
      },
    }));
    return silent(transport);
  },
  'rule 3: shares objects with the receiver': shareObjects(),
  'rule 4: delivers to itself at once': deliverAtOnce(),
  'rule 5: delivers twice': channels((channel) => ({
    onMessage: (handle) =>
      channel.onMessage((from, message) => {
        handle(from, message);
        if (message === 1_000) handle(from, message);
      }),
  })),
  'rule 5: delivers out of order': channels((channel) => ({
    onMessage: (handle) => {
      let held: (() => void) | undefined;
      return channel.onMessage((from, message) => {
        if (message === 500) held = () => handle(from, message);
        else handle(from, message);
        if (message === 501) held?.();
      });
    },
  })),
  'rule 5: loses a message': channels((channel) => ({
    onMessage: (handle) =>
      channel.onMessage((from, message) => message !== 1_234 && handle(from, message)),
  })),
  'rule 6: delivers without decoding': (transport) =>
    override(transport, { channel: (name) => transport.channel(name, (plain) => plain as never) }),
  'rule 6: does not count what decode rejects': (transport) =>
    override(transport, {
      status: () => ({ ...transport.status(), dropped: { rejected: 0, noChannel: 0 } }),
    }),
  'rule 7: lets a channel be opened twice': (transport) => {
    const open = new Map<string, Channel<never>>();
    return override(transport, {
      channel: (name, decode) => {
        const channel = open.get(name) ?? (transport.channel(name, decode) as Channel<never>);
        open.set(name, channel);
        return channel as never;
      },
    });
  },
  'rule 7: cannot unsubscribe': channels((channel) => ({
    onMessage: (handle) => {
      channel.onMessage(handle);
      return () => {};
    },
  })),
  'rule 8: keeps one incarnation for ever': (transport) =>
    override(transport, {
      onPeer: (listener) => transport.onPeer((event) => listener({ ...event, incarnation: 1 })),
    }),
  'rule 8: does not tell that a peer is lost': (transport) =>
    override(transport, {
      onPeer: (listener) => transport.onPeer((event) => event.kind === 'up' && listener(event)),
    }),
  'rule 8: counts itself among its peers': (transport) =>
    override(transport, { peers: () => [...transport.peers(), transport.self] }),
  'rule 9: goes on after close': (transport) => override(transport, { close: async () => {} }),
  'rule 9: cannot be closed twice': (transport) => {
    let closed = false;
    return override(transport, {
      close: async () => {
        if (closed) throw new Error('closed already');
        closed = true;
        await transport.close();
      },
    });
  },
  'rule 10: a handler that throws is the last one called': channels((channel) => ({
    onMessage: (handle) => {
      let dead = false;
      return channel.onMessage((from, message) => {
        if (dead) return;
        dead = deadChannels.has(channel);
        deadChannels.add(channel);
        handle(from, message);
        deadChannels.delete(channel);
      });
    },
  })),
};

const deadChannels = new WeakSet<object>();

describe('the conformance suite catches a transport that', () => {
  for (const [name, breaks] of Object.entries(broken)) {
    it(name, async () => {
      const failed = await failures(breaks);
      const rule = name.slice(0, name.indexOf(':') + 1);
      expect(failed.filter((title) => title.startsWith(rule))).not.toEqual([]);
    });
  }

  it('and passes one that keeps them all', async () => {
    expect(await failures((transport) => transport)).toEqual([]);
  });
});

async function failures(breaks: Breaks): Promise<string[]> {
  const results = await runSuite((runner) =>
    transportConformance({ ...runner, create: () => memoryNetworkUnderTest(breaks) }),
  );
  return results.filter(({ error }) => error !== undefined).map(({ title }) => title);
}

/** Replaces some of a transport's parts; private state stays with the original. */
function override(transport: Transport, replaced: Partial<Transport>): Transport {
  return {
    self: transport.self,
    maxMessageBytes: transport.maxMessageBytes,
    channel: (name, decode) => transport.channel(name, decode),
    peers: () => transport.peers(),
    onPeer: (listener) => transport.onPeer(listener),
    status: () => transport.status(),
    close: () => transport.close(),
    ...replaced,
  };
}

function channels(replace: (channel: Channel<unknown>) => Partial<Channel<unknown>>): Breaks {
  return (transport) =>
    override(transport, {
      channel: (name, decode) => {
        const channel = transport.channel(name, decode) as Channel<unknown>;
        return { ...channel, ...replace(channel) } as never;
      },
    });
}

function decoding(change: (plain: unknown) => unknown): Breaks {
  return (transport) =>
    override(transport, {
      channel: (name, decode) => transport.channel(name, (plain) => decode(change(plain))),
    });
}

function shareObjects(): Breaks {
  const sent: unknown[] = [];
  const share = channels((channel) => ({
    send: (to, message) => {
      sent.push(message);
      return channel.send(to, message);
    },
    onMessage: (handle) =>
      channel.onMessage((from, message) => handle(from, sent.shift() ?? message)),
  }));
  return share;
}

function deliverAtOnce(): Breaks {
  return (transport) =>
    override(transport, {
      channel: (name, decode) => {
        const channel = transport.channel(name, decode);
        const handlers: ((from: NodeId, message: never) => void)[] = [];
        return {
          ...channel,
          send: (to, message) => {
            if (to !== transport.self) return channel.send(to, message);
            for (const handle of handlers) handle(to, decode(message) as never);
            return 'queued';
          },
          onMessage: (handle) => {
            handlers.push(handle as never);
            return channel.onMessage(handle);
          },
        };
      },
    });
}
