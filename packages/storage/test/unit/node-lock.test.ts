/** Locks between real processes: owners that are killed, races, and records that must be judged. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StorageError } from '@ds/storage';
import { nodeFileSystem } from '@ds/storage/node';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livenessOf, type Owner, thisOwner } from '../../src/node-owner.ts';
import { compile } from './compiled.ts';

const compiled = compile();
afterAll(() => compiled.dispose());

let directory: string;
let children: Contender[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ds-lock-'));
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  children = [];
  rmSync(directory, { recursive: true, force: true });
});

/** Does as it is told, line by line, and answers with one line each. */
const CONTENDER = `
  import { createInterface } from 'node:readline';
  import { closeSync, openSync, rmSync } from 'node:fs';
  const { nodeFileSystem } = await import(process.argv[1]);
  const fileSystem = nodeFileSystem();
  const locks = new Map();
  const attempt = (path) => {
    try {
      locks.set(path, fileSystem.lock(path));
      return 'won';
    } catch (error) {
      return error.code;
    }
  };
  /** Takes the lock again and again; alone in there, the marker is never found. */
  const contend = (path, times) => {
    let won = 0;
    while (won < times) {
      if (attempt(path) !== 'won') continue;
      closeSync(openSync(path + '-inside', 'wx'));
      rmSync(path + '-inside');
      locks.get(path).release();
      won += 1;
    }
    return 'done';
  };
  const commands = { attempt, contend, release: (path) => (locks.get(path).release(), 'released') };
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, path, times] = JSON.parse(line);
    let answer;
    try { answer = commands[command](path, times); } catch (error) { answer = String(error); }
    process.stdout.write(answer + '\\n');
  }
`;

class Contender {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #gone: Promise<unknown>;

  constructor() {
    const program = ['--input-type=module', '-e', CONTENDER, compiled.node];
    this.#child = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    children.push(this);
  }

  async tell(command: string, path: string, times = 0): Promise<string> {
    this.#child.stdin!.write(`${JSON.stringify([command, path, times])}\n`);
    const { value } = await this.#answers.next();
    return value;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }
}

const path = () => join(directory, 'lock');

function refusal(file = path()): StorageError {
  try {
    nodeFileSystem().lock(file).release();
  } catch (error) {
    return error as StorageError;
  }
  throw new Error('the lock was free');
}

/** Puts a record there as an owner with these facts would have. */
function leaveRecord(facts: Partial<Owner> & { version?: number }, generation = 1): void {
  const record = { held: 1, version: 1, ...thisOwner(), ...facts };
  writeFileSync(`${path()}.${generation}`, `${JSON.stringify(record)}\n`);
}

describe('a lock between processes', () => {
  it('names the process that holds it, and goes to another when that one is killed', async () => {
    const owner = new Contender();
    expect(await owner.tell('attempt', path())).toBe('won');
    const error = refusal();
    expect(error).toBeInstanceOf(StorageError);
    expect(error.code).toBe('STORAGE_LOCKED');
    const { pid, host } = JSON.parse(readFileSync(`${path()}.1`, 'utf8')) as Owner;
    expect(error.message).toMatch(`by process ${pid} on ${host}, since 20`);
    await owner.kill();
    const lock = nodeFileSystem().lock(path());
    expect(refusal().message).toContain(`by process ${process.pid}`);
    lock.release();
    nodeFileSystem().lock(path()).release();
  });

  it('of a dead owner goes to exactly one of eight that race for it, each time', async () => {
    const contenders = Array.from({ length: 8 }, () => new Contender());
    const rounds = 8;
    const victim = new Contender();
    for (let i = 0; i < rounds; i += 1) await victim.tell('attempt', `${path()}-${i}`);
    await victim.kill();
    for (let round = 0; round < rounds; round += 1) {
      const file = `${path()}-${round}`;
      // Once from the dead, twice from the one before, who has released it.
      for (let again = 0; again < 3; again += 1) {
        const answers = await Promise.all(contenders.map((one) => one.tell('attempt', file)));
        expect(answers.filter((answer) => answer === 'won')).toEqual(['won']);
        expect(answers.filter((answer) => answer === 'STORAGE_LOCKED').length).toBe(7);
        await contenders[answers.indexOf('won')]!.tell('release', file);
      }
    }
  });

  it('lets one in at a time, while six take it over and over and one of them dies', async () => {
    const contenders = Array.from({ length: 6 }, () => new Contender());
    const victim = new Contender();
    expect(await victim.tell('attempt', path())).toBe('won');
    const answers = contenders.map((one) => one.tell('contend', path(), 25));
    await victim.kill();
    expect(await Promise.all(answers)).toEqual(contenders.map(() => 'done'));
    const left = readdirSync(directory).sort();
    expect(left[0]).toBe('lock');
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(left.length).toBeLessThanOrEqual(3);
  });
});

describe('the owner in a record', () => {
  it('is dead when its process id means another process now', () => {
    leaveRecord({ pid: process.pid, startTime: '1' });
    nodeFileSystem().lock(path()).release();
  });

  it('is alive when the process id and its start time are right', () => {
    leaveRecord({});
    expect(refusal().code).toBe('STORAGE_LOCKED');
  });

  it('is dead when the machine has been started anew', () => {
    leaveRecord({ bootId: 'another boot' });
    nodeFileSystem().lock(path()).release();
  });

  it.runIf(process.platform === 'linux')('is unknown in another pid namespace', () => {
    leaveRecord({ pidNamespace: 'pid:[1]', pid: 999_999_999 }, 7);
    const error = refusal();
    expect(error.code).toBe('STORAGE_LOCKED');
    expect(error.message).toContain(`remove ${path()}.7 if it is known to be dead`);
    rmSync(`${path()}.7`);
    nodeFileSystem().lock(path()).release();
  });

  it('is respected when a later version wrote it', () => {
    leaveRecord({ version: 2, pid: 999_999_999 });
    expect(refusal().message).toContain('later version');
  });

  it('is unknown when one side cannot tell the boot', () => {
    expect(livenessOf({ ...thisOwner(), bootId: null }, directory)).toBe('unknown');
  });

  it('is dead when a power cut left nothing of the record, or of the floor', () => {
    writeFileSync(`${path()}.4`, '');
    writeFileSync(path(), new Uint8Array(13));
    const lock = nodeFileSystem().lock(path());
    expect(existsSync(`${path()}.5`)).toBe(true);
    lock.release();
  });
});

describe('the files of a lock', () => {
  it('are two when all is quiet, and drafts of the dead are cleared away', () => {
    const draft = `${path()}.01234567-89ab-cdef-0123-456789abcdef.tmp`;
    writeFileSync(draft, 'half a rec');
    writeFileSync(`${path()}.old`, 'not ours');
    for (let i = 0; i < 5; i += 1) nodeFileSystem().lock(path()).release();
    expect(readdirSync(directory).sort()).toEqual(['lock', 'lock.5', 'lock.old']);
    expect(readFileSync(path(), 'utf8')).toBe('generation 5\n');
  });

  it('are not put in the place of something else', () => {
    writeFileSync(path(), 'precious');
    expect(refusal().code).toBe('STORAGE_IO');
    expect(readFileSync(path(), 'utf8')).toBe('precious');
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  it('may be removed by a person while the lock is held, and releasing is still harmless', () => {
    const lock = nodeFileSystem().lock(path());
    rmSync(`${path()}.1`);
    const next = nodeFileSystem().lock(path());
    lock.release();
    expect(refusal().code).toBe('STORAGE_LOCKED');
    next.release();
  });
});
