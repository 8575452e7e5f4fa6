/**
 * What a file system owes the next process: rules 3, 5 and 6 of the port, and the table of what is
 * durable when.
 */
import { contentOf, type FileSystemContext, put, sameBytes } from './file-system-rules.ts';
import { ascii, codeOf, hex, pattern, rejectedCode, thrownBy, thrownCode } from './observe.ts';
import type { RuleTest } from './rule-test.ts';

/** What a power cut takes is up to chance: tests that need its worst cut it this often. */
const CRASHES = 12;

export const durabilityTests: readonly RuleTest<FileSystemContext>[] = [
  {
    title: 'durability: bytes and size survive a crash once datasync and syncDirectory resolved',
    needs: ['crash'],
    async run({ fileSystem, root, at, expect, crash }) {
      let current = fileSystem;
      for (let round = 0; round < CRASHES; round += 1) {
        const content = pattern(20_000, round);
        const file = current.open(at('a'), { mode: 'write' });
        file.preallocate(30_000);
        file.write(0, content);
        file.truncate(19_000 + round);
        await file.datasync();
        await current.syncDirectory(root);
        current = await crash();
        const survived = contentOf(current, at('a'));
        expect(sameBytes(survived, content.subarray(0, 19_000 + round))).toBe(true);
      }
    },
  },
  {
    title: 'durability: a directory that was synced holds the names it held, after a crash',
    needs: ['crash'],
    async run({ fileSystem, root, at, expect, crash }) {
      let current = fileSystem;
      for (let round = 0; round < CRASHES; round += 1) {
        const named = (name: string) => at(`${name}${round}`);
        current.mkdir(named('sub'));
        for (const name of ['gone', 'moved', 'linked']) {
          const file = current.open(named(name), { mode: 'create' });
          file.write(0, ascii(name));
          await file.datasync();
          file.close();
        }
        await current.syncDirectory(root);
        current.remove(named('gone'));
        current.rename(named('moved'), `${named('sub')}/moved`);
        current.link(named('linked'), named('second'));
        await current.syncDirectory(named('sub'));
        await current.syncDirectory(root);
        current = await crash();
        const ofRound = (name: string) => name.replace(/^[a-z]+/, '') === `${round}`;
        expect(current.list(root).filter(ofRound)).toEqual([
          `linked${round}`,
          `second${round}`,
          `sub${round}`,
        ]);
        expect(current.list(named('sub'))).toEqual(['moved']);
        expect(hex(contentOf(current, named('second')))).toBe(hex(ascii('linked')));
        expect(hex(contentOf(current, `${named('sub')}/moved`))).toBe(hex(ascii('moved')));
      }
    },
  },
  {
    title: 'durability: a directory made and synced into its parent survives a crash',
    needs: ['crash'],
    async run({ fileSystem, root, at, expect, crash }) {
      let current = fileSystem;
      for (let round = 0; round < CRASHES; round += 1) {
        current.mkdir(at(`new${round}`));
        await current.syncDirectory(root);
        current = await crash();
        expect(current.list(root).length).toBe(round + 1);
        expect(current.list(at(`new${round}`))).toEqual([]);
      }
    },
  },
  {
    title: 'durability: a directory that was synced itself survives a crash with its names',
    needs: ['crash'],
    async run({ fileSystem, at, expect, crash }) {
      let current = fileSystem;
      for (let round = 0; round < CRASHES; round += 1) {
        const directory = at(`new${round}`);
        current.mkdir(directory);
        const file = current.open(`${directory}/a`, { mode: 'create' });
        file.write(0, ascii('a'));
        await file.datasync();
        await current.syncDirectory(directory);
        current = await crash();
        expect(current.list(directory)).toEqual(['a']);
        expect(hex(contentOf(current, `${directory}/a`))).toBe(hex(ascii('a')));
      }
    },
  },
  {
    title: 'rule 3: a rename moves the file and replaces its target',
    run({ fileSystem, root, at, expect }) {
      put(fileSystem, at('a'), ascii('new'));
      put(fileSystem, at('b'), ascii('old content'));
      const open = fileSystem.open(at('a'), { mode: 'write' });
      fileSystem.rename(at('a'), at('b'));
      expect(fileSystem.list(root)).toEqual(['b']);
      expect(hex(contentOf(fileSystem, at('b')))).toBe(hex(ascii('new')));
      open.write(3, ascii('er'));
      open.close();
      expect(hex(contentOf(fileSystem, at('b')))).toBe(hex(ascii('newer')));
    },
  },
  {
    title: 'rule 3: after a crash a renamed name holds the old file or the new one, whole',
    needs: ['crash'],
    async run({ fileSystem, root, at, expect, crash }) {
      let current = fileSystem;
      for (let round = 0; round < 12; round += 1) {
        for (const [name, text] of [
          ['b', 'old'],
          ['a', 'new'],
        ] as const) {
          const file = current.open(at(name), { mode: 'write' });
          file.truncate(0);
          file.write(0, ascii(text));
          await file.datasync();
          file.close();
        }
        await current.syncDirectory(root);
        current.rename(at('a'), at('b'));
        if (round % 3 === 2) await current.syncDirectory(root);
        current = await crash();
        const found = hex(contentOf(current, at('b')));
        const allowed = round % 3 === 2 ? ['new'] : ['old', 'new'];
        expect(allowed.some((text) => hex(ascii(text)) === found)).toBe(true);
      }
    },
  },
  {
    title: 'rule 3: a link is the same file under a second name, and never replaces one',
    run({ fileSystem, at, expect }) {
      put(fileSystem, at('a'), ascii('one'));
      put(fileSystem, at('b'), ascii('two'));
      expect(thrownCode(() => fileSystem.link(at('a'), at('b')))).toBe('STORAGE_EXISTS');
      expect(hex(contentOf(fileSystem, at('b')))).toBe(hex(ascii('two')));
      fileSystem.link(at('a'), at('c'));
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.write(3, ascii('!'));
      file.close();
      expect(hex(contentOf(fileSystem, at('c')))).toBe(hex(ascii('one!')));
    },
  },
  {
    title: 'rule 5: a datasync that failed rejects with STORAGE_IO',
    needs: ['failNextDatasync'],
    async run({ fileSystem, at, expect, failNextDatasync }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.write(0, ascii('in doubt'));
      failNextDatasync();
      expect(await rejectedCode(() => file.datasync())).toBe('STORAGE_IO');
      file.close();
    },
  },
  {
    title: 'rule 5: a failed datasync puts in doubt only what it covered',
    needs: ['failNextDatasync', 'crash'],
    async run({ fileSystem, root, at, expect, failNextDatasync, crash }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      const kept = pattern(10_000);
      file.write(0, kept);
      await file.datasync();
      await fileSystem.syncDirectory(root);
      file.write(10_000, ascii('doubt'));
      failNextDatasync();
      expect(await rejectedCode(() => file.datasync())).toBe('STORAGE_IO');
      const content = contentOf(await crash(), at('a'));
      expect(sameBytes(content.subarray(0, 10_000), kept)).toBe(true);
      expect(content.length <= 10_005).toBe(true);
    },
  },
  {
    title: 'rule 6: a lock has one owner at a time, and is free after its release',
    run({ fileSystem, at, expect }) {
      const first = fileSystem.lock(at('lock'));
      expect(first.path).toBe(at('lock'));
      const refusal = thrownBy(() => fileSystem.lock(at('lock')));
      expect(codeOf(refusal)).toBe('STORAGE_LOCKED');
      expect((refusal as { path?: unknown }).path).toBe(at('lock'));
      const other = fileSystem.lock(at('other'));
      first.release();
      const second = fileSystem.lock(at('lock'));
      second.release();
      other.release();
    },
  },
  {
    title: 'rule 6: releasing twice does not take the lock from the next owner',
    run({ fileSystem, at, expect }) {
      const first = fileSystem.lock(at('lock'));
      first.release();
      const second = fileSystem.lock(at('lock'));
      first.release();
      expect(thrownCode(() => fileSystem.lock(at('lock')))).toBe('STORAGE_LOCKED');
      second.release();
    },
  },
  {
    title: 'rule 6: a lock also holds against another file system over the same medium',
    needs: ['secondView'],
    async run({ fileSystem, at, expect, secondView }) {
      const second = await secondView();
      const lock = fileSystem.lock(at('lock'));
      expect(thrownCode(() => second.lock(at('lock')))).toBe('STORAGE_LOCKED');
      lock.release();
      const next = second.lock(at('lock'));
      expect(thrownCode(() => fileSystem.lock(at('lock')))).toBe('STORAGE_LOCKED');
      next.release();
    },
  },
  {
    title: 'rule 6: an owner that has died holds no lock',
    needs: ['lockAndDie'],
    async run({ fileSystem, at, expect, lockAndDie }) {
      await lockAndDie(at('lock'));
      const lock = fileSystem.lock(at('lock'));
      expect(thrownCode(() => fileSystem.lock(at('lock')))).toBe('STORAGE_LOCKED');
      lock.release();
    },
  },
  {
    title: 'rule 6: a crash ends every lock',
    needs: ['crash'],
    async run({ fileSystem, at, expect, crash }) {
      const dead = fileSystem.lock(at('lock'));
      const survivor = await crash();
      const lock = survivor.lock(at('lock'));
      dead.release();
      expect(thrownCode(() => survivor.lock(at('lock')))).toBe('STORAGE_LOCKED');
      lock.release();
    },
  },
];
