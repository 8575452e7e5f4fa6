import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseServerOptions, UsageError } from '../../src/server-options.ts';

const directory = mkdtempSync(join(tmpdir(), 'ds-kv-options-'));
afterAll(() => rmSync(directory, { recursive: true }));

const alone = ['--id', 'n1', '--data', 'd', '--http', '127.0.0.1:7101'];

it('flags win over the file, and the file over defaults', () => {
  const config = join(directory, 'n1.json');
  const key = join(directory, 'key');
  writeFileSync(key, '0123456789abcdef\n');
  writeFileSync(
    config,
    JSON.stringify({
      id: 'n1',
      data: '/data/n1',
      http: '127.0.0.1:1',
      listen: '[::1]:7201',
      peers: { n2: 'ws://10.0.0.2:7201' },
      keyFile: key,
    }),
  );
  const options = parseServerOptions(['--config', config, '--http', 'localhost:8080']);
  expect(options).toMatchObject({
    id: 'n1',
    http: { host: 'localhost', port: 8080 },
    listen: { host: '::1', port: 7201 },
    peers: { n2: 'ws://10.0.0.2:7201' },
    cluster: 'ds-kv',
    electionTimeoutMs: 500,
    engine: 'lsm',
    supervised: false,
  });
  expect(Buffer.from(options!.key!).toString()).toBe('0123456789abcdef');
});

it('binary clients are those that the token file names', () => {
  const tokens = join(directory, 'tokens');
  writeFileSync(tokens, '# of ours\nimporter 0123456789abcdef\n\n  web  fedcba9876543210\n');
  const args = [...alone, '--binary', '[::1]:7301', '--token-file', tokens];
  const { binary } = parseServerOptions(args)!;
  expect(binary?.listen).toEqual({ host: '::1', port: 7301 });
  expect(binary?.tokens.ownerOf('0123456789abcdef')).toBe('importer');
  expect(binary?.tokens.ownerOf('fedcba9876543210')).toBe('web');
  expect(binary?.tokens.ownerOf('0123456789abcdeF')).toBeUndefined();
  expect(parseServerOptions(alone)).toMatchObject({
    binary: undefined,
    join: false,
    leaseReads: false,
    snapshotEntries: 100_000,
  });
});

it.each([
  ['', '1 to 1000 clients'],
  ['importer', 'line 1 is not a name'],
  ['a/b 0123456789abcdef', 'line 1 is not a name'],
  ['importer short', 'less than 16 bytes'],
  ['web 0123456789abcdef\nweb fedcba9876543210', "line 2 names 'web' a second time"],
])('a token file that makes no sense is told by its line: %j', (text, message) => {
  const tokens = join(directory, 'bad-tokens');
  writeFileSync(tokens, text);
  const args = [...alone, '--binary', '127.0.0.1:1', '--token-file', tokens];
  expect(() => parseServerOptions(args)).toThrow(UsageError);
  expect(() => parseServerOptions(args)).toThrow(message);
});

it('help is not an error', () => {
  expect(parseServerOptions(['--help'])).toBeUndefined();
});

it.each([
  [[], '--id is needed'],
  [['--id', 'n1', '--data', 'd'], '--http is needed'],
  [[...alone.slice(0, 4), '--http', '7101'], 'HOST:PORT'],
  [[...alone, '--peer', 'n2'], 'NAME=URL'],
  [[...alone, '--peer', 'n2=http://x'], 'ws:// URL'],
  [[...alone, '--peer', 'n2=ws://x:1'], '--listen is needed'],
  [[...alone, '--peer', 'n2=ws://x:1', '--listen', '127.0.0.1:1'], '--key-file is needed'],
  [[...alone, '--peer', 'n1=ws://x:1'], 'is this one'],
  [[...alone, '--key-file', '/nowhere/key'], 'cannot be read'],
  [[...alone, '--election-timeout', '1'], '10 to 60000'],
  [[...alone, '--engine', 'paper'], 'lsm or btree'],
  [[...alone, '--binary', '127.0.0.1:1'], '--token-file is needed'],
  [[...alone, '--token-file', 'x'], '--binary is needed'],
  [[...alone, '--binary', '127.0.0.1:1', '--token-file', '/nowhere/tokens'], 'cannot be read'],
  [[...alone, '--snapshot-entries', '1'], '100 to 100000000'],
  [[...alone, '--surprise'], 'surprise'],
])('wrong options are told: %j', (args, message) => {
  expect(() => parseServerOptions(args)).toThrow(UsageError);
  expect(() => parseServerOptions(args)).toThrow(message);
});
