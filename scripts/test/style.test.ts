import { describe, expect, it } from 'vitest';
import { ROOT } from '../rules/repository.ts';
import { foldersUnder, sourcesUnder } from '../rules/sources.ts';
import { MAX_FILE_LINES, MAX_FUNCTION_LINES, styleFaults, vagueNames } from '../rules/style.ts';

// The rules and their tests name what they forbid.
const NAMES_THE_FORBIDDEN = /^scripts\/(rules\/style|test\/style\.test)\.ts$/;

describe('the house style holds in', () => {
  it.each(['packages', 'apps', 'scripts'])('%s', (folder) => {
    const sources = sourcesUnder(ROOT, folder).filter(
      ({ file }) => !NAMES_THE_FORBIDDEN.test(file),
    );
    expect(sources.flatMap(styleFaults)).toEqual([]);
    expect(vagueNames(foldersUnder(ROOT, folder))).toEqual([]);
  });
});

describe('a fault is found', () => {
  const faults = (text: string, file = 'packages/raft/src/log.ts'): string[] =>
    styleFaults({ file, text });
  const lines = (count: number, line = 'work();'): string => `${line}\n`.repeat(count);

  it.each([
    ['a long file', lines(MAX_FILE_LINES + 1)],
    ['a long function', `function f() {\n${lines(MAX_FUNCTION_LINES)}}`],
    ['a long method', `class A {\n  m() {\n${lines(MAX_FUNCTION_LINES)}  }\n}`],
    ['a long closure', `const f = () => {\n${lines(MAX_FUNCTION_LINES)}};`],
    ['a wide line', `// ${'word '.repeat(20)}`],
    ['something left for later', '// TODO: the rest'],
    ['a silenced compiler', '// @ts-ignore\nwork();'],
    ['any', 'const x = y as any;'],
    ['any in a type', 'let x: Map<string, any>;'],
    ['a test alone', `it.only('works', () => {});`],
    ['a skipped suite', `describe.skip('all', () => {});`],
    ['a test that is to fail', `test.fails('works', () => {});`],
  ])('%s', (_what, text) => {
    expect(faults(text)).toHaveLength(1);
  });

  it.each(['utils', 'helper', 'types', 'common'])('a folder or file named %s', (name) => {
    expect(faults('', `packages/raft/src/${name}/log.ts`)).toHaveLength(1);
    expect(faults('', `packages/raft/src/${name}.ts`)).toHaveLength(1);
  });

  it.each([
    [
      'a suite of many short tests',
      `describe('x', () => {\n${lines(99, "it('y', () => {\n});")}});`,
    ],
    ['a long address', `// See https://example.org/${'a'.repeat(90)}`],
    ['any in prose', '// any number of them'],
    ['a test that runs where it can', `it.skipIf(absent)('works', () => {});`],
  ])('and %s is none', (_what, text) => {
    expect(faults(text)).toEqual([]);
  });
});
