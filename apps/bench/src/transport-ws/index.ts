/**
 * What a message costs over WebSockets, against the floor: Node's own TCP sockets with a length
 * before each message, no names, no checks, no authentication.
 */
import type { Bench } from '../bench.ts';

export const bench: Bench = {
  package: 'transport-ws',
  ours: 'ours',
  peers: ['raw-tcp'],
  measures: [
    { name: '100 B rpc, 1 in flight', unit: 'CPU us', better: 'lower' },
    { name: '100 B rpc, 64 in flight', unit: 'CPU us', better: 'lower', target: 'ours <= 3' },
    { name: '100 B one-way', unit: 'messages/s', better: 'higher', target: 'ours >= 1000000' },
    { name: '100 B one-way, cost', unit: 'CPU us', better: 'lower' },
  ],
};
