import { readFileSync } from 'node:fs';
import { SimDisk, seededRandom } from '@ds/sim';
import { MemoryFileSystem } from '@ds/storage/memory';
import { describe, expect, it } from 'vitest';
import { type LogEntry, openRaftLog, type RaftLog } from '../../src/index.ts';
import { inspect } from '../../src/log/inspect.ts';
import { initialConfiguration } from '../../src/members/configuration.ts';
import { encodeConfiguration } from '../../src/members/configuration-codec.ts';
import { writeGoldenLog } from '../golden-log.ts';

/** Who takes part matters to none of these tests. */
const configuration = initialConfiguration(['a', 'b']);
const identity = { self: 'a', clusterId: 'test' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function entry(index: number, term: number, text = `${index}.${term}`): LogEntry {
  return { index, term, kind: 'command', command: bytes(text), tag: undefined };
}

function open(fileSystem: MemoryFileSystem, options = {}): Promise<RaftLog> {
  return openRaftLog({ fileSystem, directory: 'log', ...identity, ...options });
}

function terms(log: RaftLog): number[] {
  const { base, lastIndex } = log.recovered();
  if (lastIndex === base.index) return [];
  return log.read(base.index + 1, lastIndex, Number.MAX_VALUE).map(({ term }) => term);
}

async function append(log: RaftLog, ...entries: LogEntry[]): Promise<void> {
  log.write({ entries });
  await log.sync();
}

function segments(fileSystem: MemoryFileSystem): string[] {
  return fileSystem.list('log').filter((name) => name.endsWith('.log'));
}

/** Changes one byte of a file. */
function damage(fileSystem: MemoryFileSystem, path: string, at: number): void {
  const file = fileSystem.open(path, { mode: 'write' });
  const byte = new Uint8Array(1);
  file.read(at, byte);
  file.write(at, Uint8Array.of(byte[0]! ^ 0x10));
  file.close();
}

/** What a power cut leaves when everything has reached the device but what `change` undoes. */
function afterPowerCut(
  fileSystem: MemoryFileSystem,
  change: (name: string, bytes: Uint8Array) => Uint8Array | undefined,
): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  copy.mkdir('log');
  for (const name of segments(fileSystem)) {
    const file = fileSystem.open(`log/${name}`, { mode: 'read' });
    const bytes = new Uint8Array(file.size());
    file.read(0, bytes);
    file.close();
    const kept = change(name, bytes);
    if (kept !== undefined) copy.open(`log/${name}`, { mode: 'create' }).write(0, kept);
  }
  return copy;
}

describe('the log on disk', () => {
  it('gives back after reopening what was written: hard state, entries, tags', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem);
    const tag = { session: 7, sequence: 2 ** 40, acknowledged: 1 };
    const entries: LogEntry[] = [
      { index: 1, term: 3, kind: 'no-op', command: new Uint8Array(0), tag: undefined },
      { index: 2, term: 3, kind: 'register-session', command: new Uint8Array(0), tag: undefined },
      { index: 3, term: 4, kind: 'command', command: bytes('x'), tag },
    ];
    log.write({ hardState: { term: 4, votedFor: 'b' }, entries });
    await log.close();
    const again = await open(fileSystem);
    expect(again.recovered()).toEqual({
      hardState: { term: 4, votedFor: 'b' },
      base: { index: 0, term: 0 },
      lastIndex: 3,
      terms: [
        { firstIndex: 1, term: 3 },
        { firstIndex: 3, term: 4 },
      ],
      configurations: [],
    });
    expect(again.read(1, 3, 1e9)).toEqual(entries);
    expect(again.read(1, 3, 1)).toEqual(entries.slice(0, 1));
    await again.close();
  });

  it('cuts a conflicting tail by writing over it, across segments and reopenings', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    for (let index = 1; index <= 60; index += 1) await append(log, entry(index, 1, 'x'.repeat(90)));
    expect(segments(fileSystem).length).toBeGreaterThan(2);
    await append(log, entry(3, 2), entry(4, 2));
    expect(terms(log)).toEqual([1, 1, 2, 2]);
    await log.close();
    const again = await open(fileSystem);
    expect(terms(again)).toEqual([1, 1, 2, 2]);
    await again.close();
  });

  it('removes segments that compaction has emptied, and starts where it left off', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    log.write({ hardState: { term: 1, votedFor: 'c' }, entries: [] });
    for (let index = 1; index <= 100; index += 1)
      await append(log, entry(index, 1, 'x'.repeat(90)));
    const before = segments(fileSystem).length;
    log.write({ entries: [], compact: { index: 97, term: 1, configuration } });
    await log.close();
    expect(segments(fileSystem).length).toBeLessThan(before - 3);
    const again = await open(fileSystem);
    expect(again.recovered()).toMatchObject({
      hardState: { term: 1, votedFor: 'c' },
      base: { index: 97, term: 1 },
      lastIndex: 100,
    });
    expect(terms(again)).toEqual([1, 1, 1]);
    await again.close();
  });

  it('removes no segment before the one that takes over is on the device', async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const disk = new SimDisk({ random: seededRandom(seed) });
      const place = { directory: 'log', ...identity };
      const log = await openRaftLog({
        fileSystem: disk.fileSystem(),
        ...place,
        segmentBytes: 4096,
      });
      await append(log, entry(1, 1), entry(2, 1));
      log.write({ entries: [], compact: { index: 2, term: 1, configuration } });
      const synced = log.sync();
      // The sync is under way when the second segment begins.
      await Promise.resolve();
      log.write({ entries: [entry(3, 1, 'x'.repeat(3000))] });
      await synced;
      disk.crash();
      const again = await openRaftLog({ fileSystem: disk.fileSystem(), ...place });
      expect(again.recovered().base).toEqual({ index: 2, term: 1 });
      await again.close();
    }
  });

  it('keeps what was synced when the name of a later segment is lost, and one after it is not', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    await append(log, entry(1, 1), entry(2, 1));
    log.write({ entries: [entry(3, 1, 'x'.repeat(3000))] });
    log.write({ entries: [entry(4, 1, 'x'.repeat(3000))] });
    const [, lost, last] = segments(fileSystem);
    expect(last).toBeDefined();
    const cut = afterPowerCut(fileSystem, (name, bytes) => (name === lost ? undefined : bytes));
    const again = await open(cut);
    expect(terms(again)).toEqual([1, 1]);
    await again.close();
    expect(segments(cut)).not.toContain(last);
    await log.close();
  });

  it('knows who takes part after the first record of a new segment was torn', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    log.write({ entries: [], reset: { index: 0, term: 0, configuration } });
    await append(log, entry(1, 1), entry(2, 1));
    log.write({ entries: [entry(3, 1, 'x'.repeat(3000))] });
    const [, second] = segments(fileSystem);
    const cut = afterPowerCut(fileSystem, (name, bytes) =>
      name === second ? bytes.fill(0, 1024) : bytes,
    );
    const again = await open(cut, { segmentBytes: 4096 });
    for (let index = 3; index <= 8; index += 1)
      await append(again, entry(index, 2, 'y'.repeat(900)));
    again.write({ entries: [], compact: { index: 7, term: 2, configuration } });
    await again.close();
    const last = await open(cut);
    expect(last.recovered()).toMatchObject({ lastIndex: 8, configurations: [{ index: 7 }] });
    await last.close();
    await log.close();
  });

  it('gives no snapshot the name of one that was dropped while it went to the disk', async () => {
    const log = await open(new MemoryFileSystem());
    const dropped = log.stageSnapshot({ index: 9, term: 2, configuration }).finish();
    const stage = log.stageSnapshot({ index: 10, term: 2, configuration });
    await expect(dropped).rejects.toMatchObject({ code: 'RAFT_CLOSED' });
    expect(log.stagedSnapshot()).toBe(undefined);
    stage.append(bytes('whole'));
    await stage.finish();
    expect(log.stagedSnapshot()?.index).toBe(10);
    await log.close();
  });

  it('starts over after a snapshot, and keeps the hard state', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    log.write({ hardState: { term: 5, votedFor: undefined }, entries: [] });
    for (let index = 1; index <= 60; index += 1) await append(log, entry(index, 2, 'x'.repeat(90)));
    log.write({ reset: { index: 500, term: 4, configuration }, entries: [entry(501, 5)] });
    await log.sync();
    await log.close();
    const again = await open(fileSystem);
    expect(again.recovered()).toMatchObject({
      hardState: { term: 5 },
      base: { index: 500, term: 4 },
      lastIndex: 501,
    });
    await again.close();
  });

  it('stages a snapshot whole or not at all', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem);
    const unfinished = log.stageSnapshot({ index: 9, term: 2, configuration });
    unfinished.append(bytes('lost'));
    const stage = log.stageSnapshot({ index: 10, term: 2, configuration });
    stage.append(bytes('first'));
    stage.append(bytes('second'));
    expect(stage.bytes).toBe(11);
    expect(log.stagedSnapshot()).toBe(undefined);
    await stage.finish();
    await log.close();
    const again = await open(fileSystem);
    const staged = again.stagedSnapshot()!;
    expect([staged.index, staged.term]).toEqual([10, 2]);
    expect([...staged.chunks()].map((chunk) => new TextDecoder().decode(chunk))).toEqual([
      'first',
      'second',
    ]);
    damage(fileSystem, 'log/snapshot', 1024 + 8);
    expect(() => [...staged.chunks()]).toThrow(expect.objectContaining({ code: 'RAFT_CORRUPT' }));
    again.discardSnapshot();
    expect(again.stagedSnapshot()).toBe(undefined);
    await again.close();
  });

  it('refuses the directory of another node, another cluster, or a newer version', async () => {
    const fileSystem = new MemoryFileSystem();
    await (await open(fileSystem)).close();
    const wrong = expect.objectContaining({ code: 'RAFT_WRONG_IDENTITY' });
    await expect(open(fileSystem, { self: 'b' })).rejects.toEqual(wrong);
    await expect(open(fileSystem, { clusterId: 'other' })).rejects.toEqual(wrong);
    const log = await open(fileSystem);
    await expect(open(fileSystem)).rejects.toMatchObject({ code: 'STORAGE_LOCKED' });
    await log.close();
  });

  it('reports every changed byte of what was synced, and never opens a shorter log', async () => {
    const pristine = new MemoryFileSystem();
    const log = await open(pristine, { segmentBytes: 4096 });
    log.write({ hardState: { term: 1, votedFor: 'a' }, entries: [entry(1, 1)] });
    await log.sync();
    await append(log, entry(2, 1), entry(3, 1));
    const end = 1024 + log.bytes;
    await log.close();
    // The record after the last sync is the only one whose loss is harmless: it is 24 bytes long.
    for (let at = 0; at < end - 24; at += 1) {
      damage(pristine, `log/${segments(pristine)[0]}`, at);
      const opened = await open(pristine).catch((error) => error.code as string);
      expect([at, opened]).toEqual([at, 'RAFT_CORRUPT']);
      damage(pristine, `log/${segments(pristine)[0]}`, at);
    }
    const again = await open(pristine);
    expect(terms(again)).toEqual([1, 1, 1]);
    await again.close();
  });

  it('notices damage while reading, too', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem);
    await append(log, entry(1, 1), entry(2, 1));
    damage(fileSystem, `log/${segments(fileSystem)[0]}`, 1024 + 40);
    expect(() => log.read(1, 2, 1e9)).toThrow(expect.objectContaining({ code: 'RAFT_CORRUPT' }));
    await log.close();
  });

  it('refuses to go on when a segment that is needed is missing', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    for (let index = 1; index <= 60; index += 1) await append(log, entry(index, 1, 'x'.repeat(90)));
    await log.close();
    fileSystem.remove(`log/${segments(fileSystem)[1]}`);
    await expect(open(fileSystem)).rejects.toMatchObject({ code: 'RAFT_CORRUPT' });
  });

  it('keeps who takes part, from entries, resets, compactions and snapshots', async () => {
    const fileSystem = new MemoryFileSystem();
    const log = await open(fileSystem, { segmentBytes: 4096 });
    const of = (...ids: string[]) => initialConfiguration(ids);
    log.write({ entries: [], reset: { index: 0, term: 0, configuration: of('a') } });
    for (let index = 1; index <= 100; index += 1) {
      const command = encodeConfiguration(of('a', `n${index}`));
      const isChange = index % 20 === 0;
      const change = { index, term: 1, kind: 'configuration', command, tag: undefined } as const;
      await append(log, isChange ? change : entry(index, 1, 'x'.repeat(90)));
    }
    const indexes = (opened: RaftLog) => opened.recovered().configurations.map((c) => c.index);
    expect(indexes(log)).toEqual([0, 20, 40, 60, 80, 100]);
    // The base moves into a later segment, and the end is written over.
    const base = { index: 50, term: 1, configuration: of('a', 'n40') };
    log.write({ entries: [entry(90, 2)], compact: base });
    await log.sync();
    const expected = log.recovered();
    expect(indexes(log)).toEqual([50, 60, 80]);
    await log.close();
    expect(segments(fileSystem)).not.toContain('0000000000000001.log');
    const again = await open(fileSystem);
    expect(again.recovered()).toEqual(expected);
    const stage = again.stageSnapshot({ index: 200, term: 3, configuration: of('z') });
    await stage.finish();
    await again.close();
    const last = await open(fileSystem);
    expect(last.stagedSnapshot()?.configuration).toEqual(of('z'));
    expect([...last.stagedSnapshot()!.chunks()]).toEqual([]);
    await last.close();
  });

  it('writes version 1 byte for byte, and reads it', async () => {
    const fileSystem = new MemoryFileSystem();
    const golden = (name: string) => readFileSync(new URL(`../golden/${name}`, import.meta.url));
    fileSystem.mkdir('log');
    for (const [name, bytes] of await writeGoldenLog()) {
      expect(golden(name).equals(bytes)).toBe(true);
      const file = fileSystem.open(`log/${name}`, { mode: 'write' });
      file.write(0, golden(name));
      file.close();
    }
    const log = await open(fileSystem);
    expect(log.recovered()).toEqual({
      hardState: { term: 3, votedFor: 'b' },
      base: { index: 1, term: 1 },
      lastIndex: 4,
      terms: [
        { firstIndex: 2, term: 1 },
        { firstIndex: 3, term: 3 },
      ],
      configurations: [
        { index: 1, configuration: initialConfiguration(['a', 'b', 'c']) },
        { index: 3, configuration: initialConfiguration(['a', 'b']) },
      ],
    });
    const read = log.read(2, 4, 1e9);
    expect(read.map(({ kind }) => kind)).toEqual(['register-session', 'configuration', 'command']);
    expect(read[2]!.tag).toEqual({ session: 2, sequence: 1, acknowledged: 0 });
    expect(new TextDecoder().decode(read[2]!.command)).toBe('golden');
    expect(log.stagedSnapshot()).toMatchObject({ index: 9, term: 3, configuration });
    await log.close();
  });
});

it('inspection tells what a log holds, and where it is damaged', async () => {
  const fileSystem = new MemoryFileSystem();
  const log = await open(fileSystem, { segmentBytes: 4096 });
  log.write({ entries: [], reset: { index: 0, term: 0, configuration } });
  await append(log, entry(1, 3), entry(2, 3));
  await log.close();
  const where = { fileSystem, directory: 'log', entries: true };
  const text = [...inspect(where)].join('\n');
  expect(text).toContain("node 'a' of cluster 'test'");
  expect(text).toContain('reset at entry 0 of term 0, voters a b');
  expect(text).toContain('entry 2 of term 3: command, 3 bytes');
  expect(text).not.toContain('no record');
  const [name] = segments(fileSystem);
  damage(fileSystem, `log/${name}`, 1024 + 60);
  expect([...inspect(where)].join('\n')).toContain('a torn write, or damage');
  damage(fileSystem, `log/${name}`, 100);
  expect([...inspect(where)].join('\n')).toContain('its header is damaged');
});
