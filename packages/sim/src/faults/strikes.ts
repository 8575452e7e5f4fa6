/**
 * The faults of a storm, one function each: whom it strikes, what happens, and when that is over.
 *
 * Each draws from a stream of its own and draws all it needs before it asks whether the step is
 * taken, so that a kind which a shrunk run leaves out shifts nothing in another.
 */
import type { NodeId } from '@ds/transport';
import type { DiskFault, DiskOperation } from '../disk/disk-options.ts';
import { drawChance, drawInteger, drawOne, type Random } from '../kernel/random.ts';
import { drawPartition } from '../network/partitions.ts';
import type { World } from '../world.ts';
import type { ChaosPace, ChaosSettings } from './chaos-options.ts';
import type { FaultBudget } from './fault-budget.ts';

/** What a strike has at hand. */
export interface Storm {
  readonly world: World;
  readonly settings: ChaosSettings;
  readonly budget: FaultBudget;
  /** Calls `end` after a time that is `meanMs` on average, or when the storm is over. */
  lasting(random: Random, meanMs: number, end: () => void): void;
  /** Starts a node that is down; a running one, too, with `anew`. */
  restart(id: NodeId, random: Random, anew?: 'anew'): void;
}

export type Strike = (storm: Storm, random: Random) => void;

/** Each kind of fault, its pace, and its blow. */
export const STRIKES: readonly (readonly [kind: string, pace: keyof ChaosPace, strike: Strike])[] =
  [
    ['crash', 'crashEveryMs', crash],
    ['blackout', 'blackoutEveryMs', blackout],
    ['pause', 'pauseEveryMs', pause],
    ['slow', 'slowEveryMs', slow],
    ['partition', 'partitionEveryMs', partition],
    ['clog', 'clogEveryMs', clog],
    ['flap', 'flapEveryMs', flap],
    ['bad-link', 'badLinkEveryMs', badLink],
    ['slow-disk', 'slowDiskEveryMs', slowDisk],
    ['clock', 'clockEveryMs', wrongClock],
    ['full-disk', 'fullDiskEveryMs', fullDisk],
    ['fail-disk', 'failDiskEveryMs', failDisk],
    ['rot', 'rotEveryMs', rot],
    ['misdirect', 'misdirectEveryMs', misdirect],
    ['lose-disk', 'loseDiskEveryMs', loseDisk],
  ];

function crash(storm: Storm, random: Random): void {
  const { world, budget, settings } = storm;
  const id = budget.drawToStop('crash', random);
  if (id === undefined) return;
  const { crashInDiskCall, crashProcess, downMs } = settings;
  const { disk } = world.node(id);
  if (drawChance(random, crashInDiskCall)) {
    const callsAhead = drawInteger(random, 0, 20);
    if (world.takes(`crash-in-disk-call ${id}`)) disk.failAt(disk.calls + callsAhead, 'crash');
  } else {
    world.crash(id, { disk: drawChance(random, crashProcess) ? 'process' : 'random' });
  }
  storm.lasting(random, downMs, () => {
    // One that was to crash in a disk call and made none has been spared.
    disk.clearFaults();
    budget.recovered(id);
    storm.restart(id, random);
  });
}

function blackout(storm: Storm, random: Random): void {
  const { world, budget, settings } = storm;
  const ids: NodeId[] = [];
  do {
    const id = budget.drawToStop('blackout', random);
    if (id !== undefined) ids.push(id);
  } while (budget.maySpareOne);
  for (const id of ids) world.crash(id);
  for (const id of ids) {
    storm.lasting(random, settings.downMs, () => {
      budget.recovered(id);
      storm.restart(id, random);
    });
  }
}

function pause(storm: Storm, random: Random): void {
  const { world, budget, settings } = storm;
  const id = budget.drawToStop('pause', random);
  if (id === undefined) return;
  world.pause(id);
  storm.lasting(random, settings.pauseMs, () => {
    budget.recovered(id);
    world.resume(id);
  });
}

function slow({ world, budget, settings, lasting }: Storm, random: Random): void {
  const id = drawOne(random, budget.nodes);
  world.slow(id, random() * settings.maxEventMs);
  lasting(random, settings.spellMs, () => world.slow(id, 0));
}

function partition({ world, budget, settings, lasting }: Storm, random: Random): void {
  if (budget.nodes.length < 2) return;
  world.partition(drawPartition(random, budget.nodes, settings.partitions));
  lasting(random, settings.partitionMs, () => world.heal());
}

function clog({ world, budget, settings }: Storm, random: Random): void {
  const ends = drawTwo(budget.nodes, random);
  const forMs = 2 * random() * settings.spellMs;
  if (ends !== undefined) world.link(...ends).clog(forMs);
}

function flap({ world, budget, settings, lasting }: Storm, random: Random): void {
  const ends = drawTwo(budget.nodes, random);
  const [upMs, downMs] = [drawTenth(random), drawTenth(random)].map((x) => x * settings.spellMs);
  if (ends === undefined) return;
  const link = world.link(...ends);
  link.flap({ upMs: upMs!, downMs: downMs! });
  lasting(random, settings.spellMs, () => link.flap(undefined));
}

function badLink({ world, budget, settings, lasting }: Storm, random: Random): void {
  const ends = drawTwo(budget.nodes, random);
  const [loss, medianMs] = [random() * 0.8, 2 + 30 * random()];
  const bytesPerMs = 10 ** (1 + 3 * random());
  if (ends === undefined) return;
  const link = world.link(...ends);
  const delay = { kind: 'log-normal', medianMs, sigma: 1, maxMs: 20 * medianMs } as const;
  link.configure({ loss, delay, bytesPerMs });
  lasting(random, settings.spellMs, () => link.configure(undefined));
}

function slowDisk({ world, budget, settings, lasting }: Storm, random: Random): void {
  const id = drawOne(random, budget.nodes);
  const slowdown = 10 ** (2 * random());
  if (!world.takes(`slow-disk ${id}`)) return;
  const { disk } = world.node(id);
  disk.configure({ slowdown });
  world.record('slow-disk', slowdown, id);
  lasting(random, settings.spellMs, () => disk.configure({ slowdown: 1 }));
}

function wrongClock({ world, budget, settings }: Storm, random: Random): void {
  const id = drawOne(random, budget.nodes);
  const stepMs = (random() * 2 - 1) * settings.maxClockStepMs;
  const driftPpm = (random() * 2 - 1) * settings.maxDriftPpm;
  const isStep = random() < 0.5;
  if (!world.takes(`clock ${id}`)) return;
  const { clock } = world.node(id);
  if (isStep) clock.step(stepMs);
  else clock.setDrift(driftPpm);
  world.record('clock', isStep ? { stepMs } : { driftPpm }, id);
}

function fullDisk(storm: Storm, random: Random): void {
  const { world, budget, settings } = storm;
  const id = budget.drawToStop('full-disk', random);
  if (id === undefined) return;
  const leftBytes = drawInteger(random, 0, 4096);
  const { disk } = world.node(id);
  const { bytes, capacityBytes } = disk.status();
  const taken = world.takes(`full-disk ${id}`);
  if (taken) disk.configure({ capacityBytes: Math.min(capacityBytes, bytes + leftBytes + 1) });
  storm.lasting(random, settings.spellMs, () => {
    disk.configure({ capacityBytes });
    budget.recovered(id);
    if (taken) storm.restart(id, random, 'anew');
  });
}

function failDisk(storm: Storm, random: Random): void {
  const { world, budget, settings } = storm;
  const id = budget.drawToStop('fail-disk', random);
  if (id === undefined) return;
  const operation = drawOne<DiskOperation>(random, FAILING);
  const fault = drawOne<DiskFault>(random, ['fail', 'short']);
  const { disk } = world.node(id);
  const taken = world.takes(`break-disk ${id}`);
  if (taken) disk.failNext(operation, fault);
  storm.lasting(random, settings.spellMs, () => {
    disk.clearFaults();
    budget.recovered(id);
    if (taken) storm.restart(id, random, 'anew');
  });
}

function rot({ world, budget }: Storm, random: Random): void {
  const id = budget.drawToDamage('rot', random);
  if (id === undefined) return;
  const atRead = random() < 0.5;
  if (!world.takes(`rot ${id}`)) return;
  const { disk } = world.node(id);
  if (atRead) disk.failNext('read', 'rot');
  else if (disk.status().bytes > 0) disk.flipBit();
  world.record('rot', atRead ? 'at the next read' : undefined, id);
}

function misdirect({ world, budget }: Storm, random: Random): void {
  const id = budget.drawToDamage('misdirect', random);
  if (id === undefined || !world.takes(`misdirect ${id}`)) return;
  world.node(id).disk.failNext('write', 'misdirect');
}

function loseDisk(storm: Storm, random: Random): void {
  const { world, budget, settings } = storm;
  const id = budget.drawToDestroy('lose-disk', random);
  if (id === undefined) return;
  world.crash(id, { disk: 'lost' });
  storm.lasting(random, settings.downMs, () => {
    budget.recovered(id);
    storm.restart(id, random);
  });
}

const FAILING = ['write', 'datasync', 'read', 'open', 'syncDirectory'] as const;

/** Two different nodes. */
function drawTwo(nodes: readonly NodeId[], random: Random): [NodeId, NodeId] | undefined {
  const [one, other] = [drawInteger(random, 0, nodes.length - 1), random()];
  if (nodes.length < 2) return undefined;
  const step = 1 + Math.floor(other * (nodes.length - 1));
  return [nodes[one]!, nodes[(one + step) % nodes.length]!];
}

/** A small part of something, never none of it. */
function drawTenth(random: Random): number {
  return 0.02 + 0.18 * random();
}
