/**
 * The violence: while records come in, the leader is killed, a fresh node joins, a follower is
 * killed, another is removed for good, and the leader is killed again. Whoever is killed is left
 * dead for a while, started on the data it had, and must catch up before the next step, so that a
 * majority lives at all times and the import never has to give up.
 */
import type { Cluster, Kill } from './cluster.ts';
import { DemoError } from './demo-error.ts';
import type { EventLog } from './event-log.ts';
import type { Importer } from './importer.ts';
import type { Meter } from './meter.ts';
import type { PlanMark } from './state.ts';
import { wait } from './wait.ts';

const STEPS = [
  { at: 0.15, step: killLeader },
  { at: 0.32, step: addNode },
  { at: 0.48, step: killFollower },
  { at: 0.64, step: removeFollower },
  { at: 0.8, step: killLeader },
] as const satisfies readonly { at: number; step: Step }[];
/** How far the import may run past a step before it has happened. */
const SLACK = 0.1;
const DEAD_FOR_MS = 1_500;
const WITHIN_MS = 60_000;

export interface KillPlanOptions {
  readonly cluster: Cluster;
  /** Has a fresh node join; resolves with its name. */
  readonly add: () => Promise<string>;
  readonly remove: (id: string) => Promise<void>;
  readonly importer: Importer;
  readonly meter: Meter;
  readonly events: EventLog;
  readonly total: number;
  readonly onMark: (mark: PlanMark) => void;
  readonly signal: AbortSignal;
}

/** Runs the plan beside the import; resolves when the last victim is back and has caught up. */
export async function runKillPlan(options: KillPlanOptions): Promise<void> {
  const { importer, total, signal } = options;
  for (const [index, { at, step }] of STEPS.entries()) {
    importer.limit(Math.floor(total * (at + SLACK)));
    await importer.waitFor(Math.floor(total * at));
    signal.throwIfAborted();
    // Each next step sets its own limit; behind the last one there is none.
    const isLast = index === STEPS.length - 1;
    await step(options, () => {
      if (isLast) importer.limit(Number.POSITIVE_INFINITY);
    });
  }
}

/** Does it, calls `done` when the import may go on, and sees to what has to follow. */
type Step = (options: KillPlanOptions, done: () => void) => Promise<void>;

async function killLeader(options: KillPlanOptions, done: () => void): Promise<void> {
  const { cluster, meter, events, signal } = options;
  for (;;) {
    await cluster.waitUntil(() => cluster.leader() !== undefined, 'no node led', WITHIN_MS, signal);
    const kill = await cluster.killLeader();
    if (kill?.led) {
      await reportGap(kill, meter, events);
      mark(options, kill.id, 'leader killed');
      done();
      return bringBack(kill, cluster, signal);
    }
    // Leadership had just moved: that kill was of a follower, so bring it back and try again.
    if (kill) await bringBack(kill, cluster, signal);
  }
}

async function killFollower(options: KillPlanOptions, done: () => void): Promise<void> {
  const { cluster, signal } = options;
  const kill = await cluster.kill(await aFollower(options));
  if (kill === undefined) throw new DemoError('The follower to be killed was gone already.');
  mark(options, kill.id, 'follower killed');
  done();
  await bringBack(kill, cluster, signal);
}

async function addNode(options: KillPlanOptions, done: () => void): Promise<void> {
  mark(options, await options.add(), 'joined');
  done();
}

async function removeFollower(options: KillPlanOptions, done: () => void): Promise<void> {
  const id = await aFollower(options);
  await options.remove(id);
  mark(options, id, 'removed');
  done();
}

/** The oldest node that runs and does not lead. */
async function aFollower({ cluster, signal }: KillPlanOptions): Promise<string> {
  const follower = (): string | undefined =>
    cluster.views().find((view) => view.state === 'running' && view.status?.role === 'follower')
      ?.id;
  await cluster.waitUntil(() => follower() !== undefined, 'no node followed', WITHIN_MS, signal);
  return follower()!;
}

function mark({ importer, onMark }: KillPlanOptions, node: string, what: PlanMark['what']): void {
  onMark({ records: importer.acknowledged, node, what });
}

/** Says when writes get through again after the leader's death. */
export async function reportGap(kill: Kill, meter: Meter, events: EventLog): Promise<void> {
  const gapMs = await meter.leaderKilled(kill.killedAtMs, kill.goneAtMs);
  events.add('resumed', `writes go on, ${Math.round(gapMs)} ms after the leader was killed`);
}

async function bringBack({ id }: Kill, cluster: Cluster, signal: AbortSignal): Promise<void> {
  await wait(DEAD_FOR_MS, signal);
  await cluster.restart(id);
  const back = (): boolean => cluster.hasCaughtUp(id);
  await cluster.waitUntil(back, `${id} did not catch up after its restart`, WITHIN_MS, signal);
}
