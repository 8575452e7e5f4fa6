import { MemoryStore } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { type CommittedEntry, openStoreMachine, type StoreMachine } from '../../src/index.ts';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Appends the command to the key 'log', and answers with what was there before. */
function open(store: MemoryStore, maxSessions = 100): Promise<StoreMachine> {
  return openStoreMachine({
    store,
    maxSessions,
    apply: (transaction, command) => {
      const before = transaction.get(bytes('log')) ?? new Uint8Array(0);
      transaction.put(bytes('log'), bytes((text(before) ?? '') + text(command)));
      return before;
    },
  });
}

let index = 0;
function command(value: string, tag?: CommittedEntry['tag']): CommittedEntry {
  index += 1;
  return { index, term: 1, kind: 'command', command: bytes(value), tag };
}
function register(): CommittedEntry {
  index += 1;
  return { index, term: 1, kind: 'register-session', command: new Uint8Array(0) };
}

async function results(machine: StoreMachine, ...entries: CommittedEntry[]): Promise<unknown[]> {
  return (await machine.apply(entries)).map((r) => (r.ok ? text(r.result) : r.code));
}

describe('a store machine', () => {
  it('shows later commands of one group what earlier ones wrote', async () => {
    const machine = await open(new MemoryStore());
    expect(await results(machine, command('a'), command('b'), command('c'))).toEqual([
      '',
      'a',
      'ab',
    ]);
    expect(text(machine.get(bytes('log')))).toBe('abc');
    expect([...machine.range()].map(({ key }) => text(key))).toEqual(['log']);
  });

  it('continues where it was when its store is opened again', async () => {
    const store = new MemoryStore();
    const machine = await open(store);
    const entry = register();
    await machine.apply([entry, command('a')]);
    const again = await open(store);
    expect([again.appliedIndex, again.appliedTerm]).toEqual([index, 1]);
    expect(again.sessions).toBe(1);
    expect(text(again.get(bytes('log')))).toBe('a');
  });

  it('answers a repeated command again and does not apply it, also after restoring', async () => {
    const machine = await open(new MemoryStore());
    const session = register();
    await machine.apply([session]);
    const tag = { session: session.index, sequence: 1, acknowledged: 0 };
    expect(await results(machine, command('a', tag))).toEqual(['']);
    expect(await results(machine, command('b'), command('a', tag))).toEqual(['a', '']);
    const snapshot = machine.snapshot();
    const copy = await open(new MemoryStore());
    await copy.apply([command('gone')]);
    await copy.restore(snapshot, snapshot.chunks());
    snapshot.release();
    expect(copy.appliedIndex).toBe(machine.appliedIndex);
    expect(await results(copy, command('a', tag))).toEqual(['']);
    expect(text(copy.get(bytes('log')))).toBe('ab');
    const done = { ...tag, sequence: 2, acknowledged: 1 };
    expect(await results(copy, command('c', done), command('a', tag))).toEqual([
      'ab',
      'RAFT_SESSION_STALE',
    ]);
  });

  it('forgets the session used longest ago, and then refuses it', async () => {
    const machine = await open(new MemoryStore(), 2);
    const [first, second, third] = [register(), register(), register()];
    const use = ({ index: session }: CommittedEntry) => {
      return command('x', { session, sequence: 1, acknowledged: 0 });
    };
    await machine.apply([first, second]);
    await machine.apply([use(first), third]);
    expect(await results(machine, use(second))).toEqual(['RAFT_SESSION_EXPIRED']);
    expect(await results(machine, use(first), use(third))).toEqual(['', 'x']);
    expect(machine.sessions).toBe(2);
  });

  it('opens empty after a restore that did not finish, and refuses damaged snapshots', async () => {
    const source = await open(new MemoryStore());
    await source.apply([command('a')]);
    const chunks = [...source.snapshot().chunks()];
    const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    const meta = { index: source.appliedIndex, term: 1 };
    for (let at = 0; at < whole.length; at += 1) {
      const store = new MemoryStore();
      const machine = await open(store);
      await machine.apply([command('old')]);
      const damaged = whole.slice();
      damaged[at] = damaged[at]! ^ 1;
      await expect(machine.restore(meta, [damaged])).rejects.toMatchObject({
        code: expect.stringMatching(/RAFT_(CORRUPT|FORMAT)/),
      });
      expect(() => machine.get(bytes('log'))).toThrow(/being restored/);
      const again = await open(store);
      expect([again.appliedIndex, [...again.range()].length]).toEqual([0, 0]);
    }
  });

  it('gives the same snapshot bytes again, whatever is applied meanwhile', async () => {
    const machine = await open(new MemoryStore());
    await machine.apply([command('a')]);
    const snapshot = machine.snapshot();
    const before = [...snapshot.chunks()];
    await machine.apply([command('b')]);
    expect([...snapshot.chunks()]).toEqual(before);
    snapshot.release();
  });
});
