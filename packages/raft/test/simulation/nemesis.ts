/**
 * Faults that know Raft: they strike leaders, and members in the middle of elections, where chance
 * alone rarely does. Each seed draws which of them there are and how often they come.
 */
import type { World } from '@ds/sim';
import type { RaftDriver } from '../../src/driver/driver.ts';
import type { MemberChange } from '../../src/members/configuration.ts';

export interface NemesisOptions {
  readonly world: World;
  /** All nodes, members or not at the moment. */
  readonly members: readonly string[];
  readonly random: () => number;
  readonly electionTimeoutMs: number;
  readonly untilMs: number;
  readonly running: () => ReadonlyMap<string, { readonly node: RaftDriver }>;
}

type Strike = (options: NemesisOptions) => void;

const strikes: readonly Strike[] = [
  blink,
  blackout,
  isolateLeader,
  transfer,
  transferAndIsolate,
  changeMembers,
  changeAndStrike,
];

/**
 * Draws its kinds and its pace, and strikes until `untilMs`. The result is to be called after every
 * event: some strikes wait for their moment.
 */
export function nemesis(options: NemesisOptions): () => void {
  const { world, random, untilMs, electionTimeoutMs } = options;
  const drawn = strikes.filter(() => random() < 0.5);
  const everyMs = electionTimeoutMs * [0.3, 1, 4][Math.floor(random() * 3)]!;
  const next = (): void => {
    world.after(everyMs * 2 * random(), () => {
      if (world.now >= untilMs) return;
      drawn[Math.floor(random() * drawn.length)]!(options);
      next();
    });
  };
  if (drawn.length > 0 && random() < 0.7) next();
  const ambushes = [ambushVoters, ambushLeaders].filter(() => random() < 0.5);
  const watching = ambushes.map((ambush) => ambush(options));
  return () => {
    if (world.now < untilMs) for (const watch of watching) watch();
  };
}

/** Strikes members that have just given their vote away. */
function ambushVoters(options: NemesisOptions): () => void {
  const { random, running } = options;
  const seen = new Map<string, string>();
  return () => {
    for (const [id, { node }] of running()) {
      const { term, votedFor } = node.core.status();
      const vote = `${term} ${votedFor}`;
      if (seen.get(id) === vote) continue;
      seen.set(id, vote);
      if (votedFor === undefined || votedFor === id || random() > 0.3) continue;
      strikeSoon(options, id, random() * random() * 60);
    }
  };
}

/** Strikes leaders soon after their election, when little of their log has reached the others. */
function ambushLeaders(options: NemesisOptions): () => void {
  const { random, running, electionTimeoutMs } = options;
  let term = 0;
  return () => {
    for (const [id, { node }] of running()) {
      if (node.core.role !== 'leader' || node.core.term <= term) continue;
      term = node.core.term;
      // At once: its first entry is in its own log alone. Later: in the middle of repairing others.
      strikeSoon(options, id, random() < 0.5 ? 0 : random() * random() * electionTimeoutMs);
    }
  };
}

/** Takes a member's power away for a moment, or its network. */
function strikeSoon(options: NemesisOptions, id: string, delayMs: number): void {
  const { world, members, random, electionTimeoutMs } = options;
  world.after(delayMs, () => {
    if (random() < 0.5) {
      turnOffAndOn(world, id, random() * [1, 10, electionTimeoutMs * 3][Math.floor(random() * 3)]!);
      return;
    }
    world.partition([[id], members.filter((other) => other !== id)]);
    world.after(electionTimeoutMs * 3 * random(), () => world.heal());
  });
}

function turnOffAndOn(world: World, id: string, forMs: number): void {
  if (world.node(id).state !== 'running') return;
  world.crash(id);
  world.after(forMs, () => {
    if (world.node(id).state === 'crashed') world.restart(id);
  });
}

/** A member loses its power for a moment, so short that what was on its way still finds it. */
function blink({ world, members, random }: NemesisOptions): void {
  const id = members[Math.floor(random() * members.length)]!;
  turnOffAndOn(world, id, random() * 10);
}

/** All members lose their power at once. */
function blackout({ world, members, random }: NemesisOptions): void {
  for (const id of members) world.crash(id);
  for (const id of members) {
    world.after(random() * 100, () => {
      if (world.node(id).state === 'crashed') world.restart(id);
    });
  }
}

/** The leader loses the others, and keeps its clients. */
function isolateLeader(options: NemesisOptions): void {
  const { world, members, random, electionTimeoutMs } = options;
  const leader = leaderOf(options);
  if (leader === undefined) return;
  const others = members.filter((id) => id !== leader);
  if (random() < 0.7) world.partition([[leader], others]);
  else for (const id of others) world.block(id, leader);
  world.after(electionTimeoutMs * 4 * random(), () => world.heal());
}

function transfer(options: NemesisOptions): void {
  const leader = leaderOf(options);
  if (leader === undefined) return;
  options
    .running()
    .get(leader)!
    .node.transferLeadership()
    .catch(() => {});
}

/** Leadership moves, and the old leader does not hear of it. */
function transferAndIsolate(options: NemesisOptions): void {
  const leader = leaderOf(options);
  if (leader === undefined) return;
  const { world, members, random, electionTimeoutMs } = options;
  transfer(options);
  world.after(1 + random() * 4, () => {
    world.partition([[leader], members.filter((id) => id !== leader)]);
    world.after(electionTimeoutMs * 2 * random(), () => world.heal());
  });
}

/** Members come, go, and change their part, one or several at a time. */
function changeMembers(options: NemesisOptions): void {
  const { random, members } = options;
  const leader = leaderOf(options);
  if (leader === undefined) return;
  const { node } = options.running().get(leader)!;
  const changes: MemberChange[] = [];
  const several = random() < 0.6 ? 1 : members.length;
  for (let i = 0; i < several; i += 1) {
    const id = members[Math.floor(random() * members.length)]!;
    const type = (['voter', 'voter', 'learner', 'remove'] as const)[Math.floor(random() * 4)]!;
    changes.push({ type, id });
  }
  node.changeMembers(changes).catch(() => {});
}

/** A leader is cut off, or loses its power, with a change of members in its log. */
function changeAndStrike(options: NemesisOptions): void {
  const leader = leaderOf(options);
  if (leader === undefined) return;
  changeMembers(options);
  strikeSoon(options, leader, options.random() * options.random() * 20);
}

function leaderOf({ running }: NemesisOptions): string | undefined {
  for (const [id, { node }] of running()) if (node.core.role === 'leader') return id;
  return undefined;
}
