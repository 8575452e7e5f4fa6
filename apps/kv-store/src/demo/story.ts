/**
 * The demo as told in a terminal: what is about to happen, every event as it happens, and the sum
 * at the end, in words that need no knowledge of Raft.
 */
import pc from 'picocolors';
import type { Outcome } from './outcome.ts';
import { ProgressBar } from './progress-bar.ts';
import type { DemoEvent, EventKind } from './state.ts';
import type { Supervisor } from './supervisor.ts';

const SIGNS: Record<EventKind, string> = {
  note: pc.dim('·'),
  kill: pc.red('✗'),
  cut: pc.yellow('✂'),
  restart: pc.blue('↻'),
  rejoin: pc.blue('↻'),
  join: pc.blue('+'),
  joined: pc.green('✓'),
  left: pc.yellow('−'),
  'caught-up': pc.green('✓'),
  leader: pc.cyan('★'),
  resumed: pc.green('▶'),
  verified: pc.green('✓'),
  trouble: pc.red('!'),
};

export class Story {
  readonly #bar: ProgressBar;
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#bar = new ProgressBar(out);
  }

  opening(records: number, source: string, licence: string): void {
    const count = records.toLocaleString('en');
    this.#say('');
    this.#say(`  ${pc.bold('A key-value store that survives kill -9')}`);
    this.#say(
      pc.dim('  Three nodes, three processes, three copies of the data on this disk. A write'),
    );
    this.#say(pc.dim('  is acknowledged once two of them have synced it. Now we import'));
    this.#say(pc.dim(`  ${count} ${source} (${licence}), kill nodes, add one and remove one.`));
    this.#say('');
  }

  dashboard(url: string): void {
    this.#say(`  Dashboard  ${pc.bold(pc.cyan(url))}`);
    this.#say('');
  }

  /** Tells everything that happens to the supervisor from now on. */
  follow(supervisor: Supervisor): void {
    supervisor.events.onEvent((event) => this.#bar.line(eventLine(event)));
    supervisor.onTick(() => {
      const { phase, import: progress } = supervisor.tick();
      if (phase === 'importing') {
        const detail = `${progress.perSecond.toLocaleString('en')}/s`;
        this.#bar.update('importing', progress.records, progress.total, detail);
      } else if (phase === 'verifying') {
        this.#bar.update(
          'reading back',
          progress.readBack,
          progress.copies,
          'asking each node for what it holds itself',
        );
      } else {
        this.#bar.clear();
      }
    });
  }

  ending(outcome: Outcome): void {
    this.#bar.clear();
    const { records, lost, wrong, elections } = outcome;
    const fine = lost === 0 && wrong === 0;
    const verdict = fine
      ? pc.green(pc.bold('Nothing was lost.'))
      : pc.red(pc.bold(`${lost} records lost, ${wrong} wrong.`));
    this.#say('');
    this.#say(`  ${verdict} Every node was asked for every record: ${number(records)} records,`);
    this.#say(`  ${lost} lost, ${wrong} wrong, ${outcome.staleReads} reads out of date.`);
    this.#say('');
    this.#row(
      'Killed',
      `the leader ${times(outcome.leaderKills)}, a follower ${times(outcome.followerKills)}`,
    );
    const gap = `${number(elections.p50Ms)} ms median, ${number(elections.maxMs)} ms at most`;
    this.#row(
      'Changed',
      `${outcome.joined} node joined with an empty disk, ${outcome.removed} was removed`,
    );
    this.#row('No writes for', `${gap} (from kill to the next acknowledged write)`);
    this.#row('Imported at', `${number(outcome.writesPerSecond)} records/s, durably`);
    this.#row('Meanwhile', `${number(outcome.livePuts)} single puts, p50 ${outcome.putP50Ms} ms`);
    this.#row('Retries', `${number(outcome.retries)}, each applied once`);
    this.#row('Took', `${outcome.seconds} s`);
    for (const [id, { fdatasync, fsync }] of Object.entries(outcome.syncs ?? {})) {
      this.#row(`Syncs of ${id}`, `${number(fdatasync)} fdatasync, ${number(fsync)} fsync`);
    }
    this.#say('');
  }

  staying(url: string): void {
    this.#say(`  The cluster stays up: open ${pc.bold(pc.cyan(url))} and kill something.`);
    this.#say(pc.dim('  Ctrl-C stops everything and leaves nothing behind.'));
    this.#say('');
  }

  failure(message: string, output: readonly string[]): void {
    this.#bar.clear();
    this.#say(`\n  ${pc.red(pc.bold(message))}`);
    for (const line of output) this.#say(pc.dim(`    ${line}`));
  }

  #row(name: string, text: string): void {
    this.#say(`  ${pc.dim(name.padEnd(14))} ${text}`);
  }

  #say(text: string): void {
    this.#out.write(`${text}\n`);
  }
}

function eventLine({ atMs, kind, text }: DemoEvent): string {
  const at = (atMs / 1_000).toFixed(1).padStart(6);
  return `${pc.dim(`${at}s`)} ${SIGNS[kind]} ${text}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function times(count: number): string {
  if (count === 1) return 'once';
  return count === 2 ? 'twice' : `${count} times`;
}
