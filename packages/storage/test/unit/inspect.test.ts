import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compiled, compile } from './compiled.ts';

let compiled: Compiled;
let directory: string;

/** A program whose lines say what it was asked for. */
const PROGRAM = (node: string): string => `
  import { runInspect } from '${node}';
  runInspect('usage: example', function* ({ fileSystem, directory, entries }) {
    yield directory + ' ' + entries;
    yield* fileSystem.list(directory);
  });`;

beforeAll(() => {
  compiled = compile();
  directory = mkdtempSync(join(tmpdir(), 'ds-storage-inspect-'));
  writeFileSync(join(directory, 'program.mjs'), PROGRAM(compiled.node));
});

afterAll(() => {
  compiled.dispose();
  rmSync(directory, { recursive: true, force: true });
});

function run(...given: string[]): { status: number | null; output: string; complaint: string } {
  const program = join(directory, 'program.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...given], {
    encoding: 'utf8',
  });
  return { status, output: stdout, complaint: stderr };
}

describe('a program for looking at files', () => {
  it('prints its lines', () => {
    const expected = { status: 0, output: `${directory} true\nprogram.mjs\n`, complaint: '' };
    expect(run('inspect', directory, '--entries')).toEqual(expected);
  });

  it.each([[], ['look', 'x'], ['inspect'], ['inspect', 'a', 'b']])(
    'tells how it is used when asked for: %s',
    (...given) => {
      expect(run(...given)).toEqual({ status: 2, output: '', complaint: 'usage: example\n' });
    },
  );

  it('names an option that it does not know', () => {
    const { status, complaint } = run('inspect', 'x', '--all');
    expect(status).toBe(2);
    expect(complaint).toContain("'--all'");
  });

  it('says in one sentence what it cannot read', () => {
    const { status, output, complaint } = run('inspect', join(directory, 'absent'));
    expect([status, output.split('\n').length]).toEqual([1, 2]);
    expect(complaint.trim().split('\n')).toHaveLength(1);
    expect(complaint).toContain('absent');
  });
});
