/**
 * What a simulation costs beside the bare minimum: a heap of times and a loop that calls what comes
 * first, as many calls as the simulator made, with no network, trace, promise or judgement. No
 * other JavaScript simulator of clusters was found to measure against, so the peer is a ceiling.
 *
 * All figures are per CPU second (or minute) of one thread. The idle group has five members with
 * etcd's defaults: a heartbeat every 100 ms, an election timeout of 1000 ms.
 */
import type { Bench } from '../bench.ts';

export const bench: Bench = {
  package: 'sim',
  ours: 'ours',
  peers: ['bare-loop'],
  measures: [
    {
      name: 'core steps without promises',
      unit: 'steps/CPU s',
      better: 'higher',
      target: 'ours >= 1000000',
    },
    { name: 'driver-level events', unit: 'events/CPU s', better: 'higher' },
    {
      name: 'five idle Raft nodes, heartbeat 100 ms',
      unit: 'simulated h/CPU min',
      better: 'higher',
      target: 'ours >= 100',
    },
    {
      name: 'five idle Raft nodes, heartbeat 50 ms',
      unit: 'simulated h/CPU min',
      better: 'higher',
    },
    {
      name: 'seeds of a lossy register',
      unit: 'seeds/CPU s',
      better: 'higher',
    },
  ],
};
