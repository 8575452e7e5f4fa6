/** What a file system owes a running process: rules 1, 2, 4, 7 and 8 of the port. */
import type { Expectation } from '@ds/clock/conformance';
import type { File, FileSystem } from '../file-system.ts';
import { ascii, codeOf, hex, pattern, rejectedCode, thrownBy, thrownCode } from './observe.ts';
import type { RuleTest } from './rule-test.ts';
import { seeded } from './seeded.ts';

export interface FileSystemContext {
  readonly fileSystem: FileSystem;
  readonly root: string;
  /** The path of `name` in the root. */
  at(name: string): string;
  expect(actual: unknown): Expectation;
  crash(): Promise<FileSystem>;
  failNextDatasync(): void;
  fill(): Promise<void>;
  lockAndDie(path: string): Promise<void>;
  secondView(): Promise<FileSystem>;
}

/** All bytes of a file. */
export function contentOf(fileSystem: FileSystem, path: string): Uint8Array {
  const file = fileSystem.open(path, { mode: 'read' });
  try {
    const content = new Uint8Array(file.size());
    const count = file.read(0, content);
    if (count !== content.length) throw new Error(`read ${count} of ${content.length} bytes`);
    return content;
  } finally {
    file.close();
  }
}

/** A file at `path` holding exactly `content`, not synced. */
export function put(fileSystem: FileSystem, path: string, content: Uint8Array): void {
  const file = fileSystem.open(path, { mode: 'write' });
  try {
    file.truncate(0);
    file.write(0, content);
  } finally {
    file.close();
  }
}

export const fileSystemTests: readonly RuleTest<FileSystemContext>[] = [
  {
    title: 'rule 1: a write is read back at once, through any open file of the same name',
    run({ fileSystem, at, expect }) {
      const writer = fileSystem.open(at('a'), { mode: 'write' });
      const reader = fileSystem.open(at('a'), { mode: 'read' });
      writer.write(0, ascii('first'));
      const seen = new Uint8Array(5);
      expect(reader.read(0, seen)).toBe(5);
      expect(hex(seen)).toBe(hex(ascii('first')));
      expect(reader.size()).toBe(5);
      writer.write(2, ascii('XY'));
      reader.read(0, seen);
      expect(hex(seen)).toBe(hex(ascii('fiXYt')));
      writer.truncate(3);
      expect(reader.size()).toBe(3);
      writer.close();
      reader.close();
      expect(hex(contentOf(fileSystem, at('a')))).toBe(hex(ascii('fiX')));
    },
  },
  {
    title: 'rule 1: names appear and go at once, and a directory is listed in order',
    run({ fileSystem, root, at, expect }) {
      expect(fileSystem.list(root)).toEqual([]);
      for (const name of ['b', 'a', 'C', 'a1']) put(fileSystem, at(name), ascii(name));
      fileSystem.mkdir(at('sub/deep'));
      fileSystem.mkdir(at('sub/deep'));
      expect(fileSystem.list(root)).toEqual(['C', 'a', 'a1', 'b', 'sub']);
      expect(fileSystem.list(at('sub'))).toEqual(['deep']);
      fileSystem.rename(at('b'), at('sub/deep/b'));
      fileSystem.link(at('a'), at('z'));
      fileSystem.remove(at('a'));
      expect(fileSystem.list(root)).toEqual(['C', 'a1', 'sub', 'z']);
      expect(fileSystem.list(at('sub/deep'))).toEqual(['b']);
      expect(hex(contentOf(fileSystem, at('z')))).toBe(hex(ascii('a')));
    },
  },
  {
    title: 'rule 1: random writes, cuts and reads agree with a plain array (seed 1)',
    run({ fileSystem, at, expect }) {
      const draw = seeded(1);
      const file = fileSystem.open(at('model'), { mode: 'write' });
      let model = new Uint8Array(0);
      const resize = (size: number) => {
        const next = new Uint8Array(size);
        next.set(model.subarray(0, size));
        model = next;
      };
      for (let step = 0; step < 600; step += 1) {
        const position = draw(9_000);
        const length = draw(10) === 0 ? 0 : draw(5_000);
        const kind = draw(10);
        if (kind < 5) {
          const data = pattern(length, step);
          file.write(position, data);
          if (length > 0) {
            if (position + length > model.length) resize(position + length);
            model.set(data, position);
          }
        } else if (kind === 5) {
          file.truncate(position);
          resize(position);
        } else if (kind === 6) {
          file.preallocate(position);
          if (position > model.length) resize(position);
        }
        const target = new Uint8Array(length);
        const count = file.read(position, target);
        const wanted = model.subarray(position, position + length);
        expect(`step ${step}: ${count}`).toBe(`step ${step}: ${wanted.length}`);
        expect(`step ${step}: ${sameBytes(target.subarray(0, count), wanted)}`).toBe(
          `step ${step}: true`,
        );
        expect(`step ${step}: ${file.size()}`).toBe(`step ${step}: ${model.length}`);
      }
      file.close();
    },
  },
  {
    title: 'rule 2: a read is short only at the end of the file',
    run({ fileSystem, at, expect }) {
      const content = pattern(300_000);
      put(fileSystem, at('a'), content);
      const file = fileSystem.open(at('a'), { mode: 'read' });
      const whole = new Uint8Array(300_000);
      expect(file.read(0, whole)).toBe(300_000);
      expect(sameBytes(whole, content)).toBe(true);
      const tail = new Uint8Array(100);
      expect(file.read(299_990, tail)).toBe(10);
      expect(hex(tail.subarray(0, 11))).toBe(hex(Uint8Array.of(...content.subarray(299_990), 0)));
      expect(file.read(300_000, tail)).toBe(0);
      expect(file.read(900_000, tail)).toBe(0);
      expect(file.read(5, new Uint8Array(0))).toBe(0);
      file.close();
    },
  },
  {
    title: 'rule 2: a write stores all of its bytes, and only those it was given',
    run({ fileSystem, at, expect }) {
      const file = fileSystem.open(at('a'), { mode: 'create' });
      const large = pattern(3_000_000);
      file.write(0, large);
      const source = pattern(64, 9);
      file.write(10, source.subarray(20, 30));
      source.fill(0);
      large.set(pattern(64, 9).subarray(20, 30), 10);
      expect(file.size()).toBe(3_000_000);
      file.close();
      expect(sameBytes(contentOf(fileSystem, at('a')), large)).toBe(true);
    },
  },
  {
    title: 'rule 2: a write that ran out of space leaves a prefix, and harms nothing before it',
    needs: ['fill'],
    async run({ fileSystem, at, expect, fill }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      const head = pattern(1_000, 3);
      const data = pattern(2_000_000);
      file.write(0, head);
      await fill();
      expect(thrownCode(() => file.write(1_000, data))).toBe('STORAGE_FULL');
      const kept = contentOf(fileSystem, at('a'));
      expect(sameBytes(kept.subarray(0, 1_000), head)).toBe(true);
      expect(sameBytes(kept.subarray(1_000), data.subarray(0, kept.length - 1_000))).toBe(true);
      file.close();
    },
  },
  {
    title: 'rule 4: bytes never written read as zero',
    run({ fileSystem, at, expect }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.write(6, ascii('x'));
      expect(hex(contentOf(fileSystem, at('a')))).toBe('<00000000000078>');
      file.truncate(9);
      expect(hex(contentOf(fileSystem, at('a')))).toBe('<000000000000780000>');
      file.close();
    },
  },
  {
    title: 'rule 4: what was cut off does not come back when the file grows again',
    run({ fileSystem, at, expect }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.write(0, ascii('secret'));
      file.truncate(1);
      file.truncate(3);
      file.write(4, ascii('e'));
      expect(hex(contentOf(fileSystem, at('a')))).toBe('<7300000065>');
      file.truncate(1);
      file.preallocate(4);
      expect(hex(contentOf(fileSystem, at('a')))).toBe('<73000000>');
      file.close();
    },
  },
  {
    title: 'rule 4: preallocated space is zero, takes part in the size and never shrinks the file',
    run({ fileSystem, at, expect }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.write(0, ascii('ab'));
      file.preallocate(200_000);
      expect(file.size()).toBe(200_000);
      file.preallocate(5);
      expect(file.size()).toBe(200_000);
      file.write(4, ascii('c'));
      const content = contentOf(fileSystem, at('a'));
      expect(hex(content.subarray(0, 6))).toBe('<616200006300>');
      expect(content.subarray(5).every((byte) => byte === 0)).toBe(true);
      file.close();
    },
  },
  {
    title: 'rule 7: what is not there is STORAGE_NOT_FOUND, with the path',
    async run({ fileSystem, root, at, expect }) {
      put(fileSystem, at('a'), ascii('a'));
      const attempts: [string, () => unknown][] = [
        [at('none'), () => fileSystem.open(at('none'), { mode: 'read' })],
        [at('no/b'), () => fileSystem.open(at('no/b'), { mode: 'write' })],
        [at('no/c'), () => fileSystem.open(at('no/c'), { mode: 'create' })],
        [at('none'), () => fileSystem.remove(at('none'))],
        [at('none'), () => fileSystem.rename(at('none'), at('x'))],
        [at('none'), () => fileSystem.link(at('none'), at('x'))],
        [at('no'), () => fileSystem.list(at('no'))],
        [at('no/lock'), () => fileSystem.lock(at('no/lock'))],
      ];
      for (const [path, attempt] of attempts) {
        const error = thrownBy(attempt) as { path?: unknown } | undefined;
        expect(codeOf(error)).toBe('STORAGE_NOT_FOUND');
        expect(error?.path).toBe(path);
      }
      expect(thrownCode(() => fileSystem.rename(at('a'), at('no/a')))).toBe('STORAGE_NOT_FOUND');
      expect(await rejectedCode(() => fileSystem.syncDirectory(at('no')))).toBe(
        'STORAGE_NOT_FOUND',
      );
      expect(fileSystem.list(root)).toEqual(['a']);
    },
  },
  {
    title: 'rule 7: what is there already is STORAGE_EXISTS, and stays as it is',
    run({ fileSystem, at, expect }) {
      put(fileSystem, at('a'), ascii('old'));
      expect(thrownCode(() => fileSystem.open(at('a'), { mode: 'create' }))).toBe('STORAGE_EXISTS');
      expect(hex(contentOf(fileSystem, at('a')))).toBe(hex(ascii('old')));
    },
  },
  {
    title: 'rule 7: a file where a directory is wanted is STORAGE_NOT_A_DIRECTORY',
    run({ fileSystem, at, expect }) {
      put(fileSystem, at('a'), ascii('a'));
      for (const attempt of [
        () => fileSystem.list(at('a')),
        () => fileSystem.open(at('a/b'), { mode: 'write' }),
        () => fileSystem.mkdir(at('a/b')),
        () => fileSystem.remove(at('a/b')),
      ]) {
        expect(thrownCode(attempt)).toBe('STORAGE_NOT_A_DIRECTORY');
      }
    },
  },
  {
    title: 'rule 7: using a closed file is STORAGE_CLOSED, and closing it twice is harmless',
    async run({ fileSystem, at, expect }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.write(0, ascii('a'));
      file.close();
      file.close();
      const uses: ((file: File) => unknown)[] = [
        (closed) => closed.read(0, new Uint8Array(1)),
        (closed) => closed.write(0, ascii('b')),
        (closed) => closed.truncate(0),
        (closed) => closed.preallocate(10),
        (closed) => closed.size(),
      ];
      for (const use of uses) expect(thrownCode(() => use(file))).toBe('STORAGE_CLOSED');
      expect(await rejectedCode(() => file.datasync())).toBe('STORAGE_CLOSED');
      expect(hex(contentOf(fileSystem, at('a')))).toBe('<61>');
    },
  },
  {
    title: 'rule 7: every other refusal is STORAGE_IO: writing what was opened to be read',
    run({ fileSystem, at, expect }) {
      put(fileSystem, at('a'), ascii('a'));
      fileSystem.mkdir(at('sub'));
      const file = fileSystem.open(at('a'), { mode: 'read' });
      expect(thrownCode(() => file.write(0, ascii('b')))).toBe('STORAGE_IO');
      expect(thrownCode(() => file.truncate(0))).toBe('STORAGE_IO');
      expect(thrownCode(() => file.preallocate(10))).toBe('STORAGE_IO');
      file.close();
      expect(thrownCode(() => fileSystem.open(at('sub'), { mode: 'write' }))).toBe('STORAGE_IO');
      expect(thrownCode(() => fileSystem.remove(at('sub')))).toBe('STORAGE_IO');
      expect(hex(contentOf(fileSystem, at('a')))).toBe('<61>');
    },
  },
  {
    title: 'rule 7: no space left is STORAGE_FULL, but not within space taken before',
    needs: ['fill'],
    async run({ fileSystem, at, expect, fill }) {
      const file = fileSystem.open(at('a'), { mode: 'write' });
      file.preallocate(1_500_000);
      await fill();
      const other = fileSystem.open(at('b'), { mode: 'write' });
      expect(thrownCode(() => other.write(0, pattern(2_000_000)))).toBe('STORAGE_FULL');
      expect(thrownCode(() => other.preallocate(3_000_000))).toBe('STORAGE_FULL');
      const data = pattern(1_500_000);
      file.write(0, data);
      expect(sameBytes(contentOf(fileSystem, at('a')), data)).toBe(true);
      file.close();
      other.close();
    },
  },
  {
    title: 'rule 8: a removed file stays readable through what has it open',
    run({ fileSystem, root, at, expect }) {
      put(fileSystem, at('a'), ascii('still'));
      const open = fileSystem.open(at('a'), { mode: 'read' });
      fileSystem.remove(at('a'));
      expect(fileSystem.list(root)).toEqual([]);
      const seen = new Uint8Array(5);
      expect(open.read(0, seen)).toBe(5);
      expect(hex(seen)).toBe(hex(ascii('still')));
      put(fileSystem, at('a'), ascii('new'));
      expect(open.size()).toBe(5);
      open.close();
      expect(hex(contentOf(fileSystem, at('a')))).toBe(hex(ascii('new')));
    },
  },
  {
    title: 'rule 8: a file replaced by a rename stays readable through what has it open',
    run({ fileSystem, at, expect }) {
      put(fileSystem, at('a'), ascii('old'));
      put(fileSystem, at('b'), ascii('new'));
      const open = fileSystem.open(at('a'), { mode: 'read' });
      fileSystem.rename(at('b'), at('a'));
      const seen = new Uint8Array(3);
      open.read(0, seen);
      expect(hex(seen)).toBe(hex(ascii('old')));
      open.close();
    },
  },
];

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
