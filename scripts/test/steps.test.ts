import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dependencies } from '../checks/install.mjs';
import { Tally } from '../checks/tally.mjs';
import { countReport } from '../checks/vitest.mjs';
import { BUILD_CAUSES, explain, INSTALL_CAUSES } from '../setup/stop.mjs';
import { members, ROOT } from '../setup/workspace.mjs';

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.stubEnv('CI', '');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('the count', () => {
  it('succeeds only when something ran and nothing failed', () => {
    const tally = new Tally();
    expect(tally.succeeded).toBe(false);
    tally.pass(2);
    expect(`${tally}`).toBe('2 passed, 0 failed');
    tally.skip('browser', 'none here');
    expect(`${tally}`).toBe('2 passed, 0 failed, 1 skipped');
    expect(tally.succeeded).toBe(true);
    tally.fail('lint');
    expect(`${tally}`).toBe('2 passed, 1 failed, 1 skipped');
    expect(tally.succeeded).toBe(false);
  });

  it('takes what is skipped for a failure where CI=true', () => {
    vi.stubEnv('CI', 'true');
    const tally = new Tally();
    tally.skip('browser', 'none here');
    expect(`${tally}`).toBe('0 passed, 1 failed');
  });
});

describe('a report of vitest', () => {
  const file = (status: string, tests: string[], message = ''): object => ({
    name: join(ROOT, 'packages/raft/test/log.test.ts'),
    status,
    message,
    assertionResults: tests.map((each) => ({ status: each, fullName: `is ${each}` })),
  });
  const count = (numPassedTests: number, testResults: object[], code: number): string => {
    const tally = new Tally();
    countReport({ numPassedTests, testResults }, code, tally);
    return `${tally}`;
  };

  it('counts each test once', () => {
    const tests = ['passed', 'failed', 'pending', 'todo', 'passed'];
    expect(count(2, [file('failed', tests)], 1)).toBe('2 passed, 1 failed, 2 skipped');
  });

  it('counts a file that could not be loaded', () => {
    expect(count(0, [file('failed', [], 'SyntaxError')], 1)).toBe('0 passed, 1 failed');
  });

  it('counts an error outside the tests', () => {
    expect(count(1, [file('passed', ['passed'])], 1)).toBe('1 passed, 1 failed');
    expect(count(1, [file('passed', ['passed'])], 0)).toBe('1 passed, 0 failed');
  });
});

describe('what a failed tool printed becomes one sentence', () => {
  const said = (output: string): string =>
    explain('installing', output, 'test-explain.log', INSTALL_CAUSES).message;

  it.each([
    [' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install', 'pnpm-lock.yaml does not match'],
    ['ENOSPC: no space left on device, write', 'The disk is full'],
    ['GET https://host/x error (ERR_PNPM_ENOSPC). ECONNRESET', 'The disk is full'],
    ['FetchError: request to https://host/pnpm failed, reason: connect ECONNREFUSED', 'registry'],
    ['getaddrinfo ENOTFOUND registry', 'registry cannot be reached'],
    ["EACCES: permission denied, mkdir '/x'", 'could not be written'],
    ['some other trouble', 'Something went wrong while installing.'],
  ])('%s', (output, sentence) => {
    expect(said(output)).toContain(sentence);
    expect(said(output)).toContain(join('.ds', 'test-explain.log'));
  });

  it('and source code in the output of a compiler is not taken for a cause', () => {
    const { message } = explain('building', "if (code === 'ENOTFOUND')", 'x.log', BUILD_CAUSES);
    expect(message).toContain('Something went wrong while building.');
  });
});

describe('the install check', () => {
  const manifest = (name: string, more: object): { manifest: Record<string, unknown> } => ({
    manifest: { name: `@ds/${name}`, ...more },
  });
  const clock = manifest('clock', {});
  const transport = manifest('transport', { dependencies: { '@ds/clock': 'workspace:*' } });
  const needs = { '@ds/transport': 'workspace:*', ws: '8.0.0' };
  const raft = manifest('raft', { dependencies: needs, devDependencies: { left: '1.2.3' } });
  const packages = [clock, transport, raft];
  const files = new Map(packages.map((each) => [each.manifest.name, `${each.manifest.name}.tgz`]));

  it('brings the tarballs of all our packages that one needs, and leaves the rest to npm', () => {
    expect(dependencies(raft, ['@ds/raft'], packages, files)).toEqual({
      '@ds/raft': 'file:@ds/raft.tgz',
      '@ds/transport': 'file:@ds/transport.tgz',
      '@ds/clock': 'file:@ds/clock.tgz',
    });
  });

  it('takes what else the README names, in the version that a manifest pins', () => {
    expect(dependencies(raft, ['@ds/clock', 'left'], packages, files)).toMatchObject({
      left: '1.2.3',
    });
    expect(() => dependencies(raft, ['right'], packages, files)).toThrow(/pins no version/);
  });

  it('finds packages by their manifests', () => {
    const names = members('packages').map(({ manifest }) => manifest.name);
    expect(names).toEqual(expect.arrayContaining(['@ds/clock', '@ds/storage', '@ds/transport']));
  });
});
