/**
 * The violence: while records come in, the leader is killed, then a follower, then the leader
 * again. Each is left dead for a while, started on the data it had, and must catch up before the
 * next one goes, so that a majority lives at all times and the import never has to give up.
 */
import type { Cluster, Kill } from './cluster.ts';
import { DemoError } from './demo-error.ts';
import type { EventLog } from './event-log.ts';
import type { Importer } from './importer.ts';
import type { Meter } from './meter.ts';
import type { KillMark } from './state.ts';
import { wait } from './wait.ts';

const STEPS = [
  { at: 0.2, victim: 'leader' },
  { at: 0.45, victim: 'follower' },
  { at: 0.7, victim: 'leader' },
] as const;
/** How far the import may run past a step before the kill has happened. */
const SLACK = 0.1;
const DEAD_FOR_MS = 1_500;
const WITHIN_MS = 60_000;

export interface KillPlanOptions {
  readonly cluster: Cluster;
  readonly importer: Importer;
  readonly meter: Meter;
  readonly events: EventLog;
  readonly total: number;
  readonly onKill: (mark: KillMark) => void;
  readonly signal: AbortSignal;
}

/** Runs the plan beside the import; resolves when the last victim is back and has caught up. */
export async function runKillPlan(options: KillPlanOptions): Promise<void> {
  const { cluster, importer, total, onKill, signal } = options;
  for (const [index, { at, victim }] of STEPS.entries()) {
    importer.limit(Math.floor(total * (at + SLACK)));
    await importer.waitFor(Math.floor(total * at));
    signal.throwIfAborted();
    const kill = victim === 'leader' ? await killLeader(options) : await killFollower(options);
    onKill({ records: importer.acknowledged, node: kill.id, leader: kill.led });
    // Each next step sets its own limit; behind the last one there is none.
    if (index === STEPS.length - 1) importer.limit(Number.POSITIVE_INFINITY);
    await bringBack(kill, cluster, signal);
  }
}

async function killLeader({ cluster, meter, events, signal }: KillPlanOptions): Promise<Kill> {
  for (;;) {
    await cluster.waitUntil(() => cluster.leader() !== undefined, 'no node led', WITHIN_MS, signal);
    const kill = await cluster.killLeader();
    if (kill?.led) {
      await reportGap(kill, meter, events);
      return kill;
    }
    // Leadership had just moved: that kill was of a follower, so bring it back and try again.
    if (kill) await bringBack(kill, cluster, signal);
  }
}

async function killFollower({ cluster, signal }: KillPlanOptions): Promise<Kill> {
  const follower = (): string | undefined =>
    cluster.views().find((view) => view.state === 'running' && view.status?.role === 'follower')
      ?.id;
  await cluster.waitUntil(() => follower() !== undefined, 'no node followed', WITHIN_MS, signal);
  const kill = await cluster.kill(follower()!);
  if (kill === undefined) throw new DemoError('The follower to be killed was gone already.');
  return kill;
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
