/** Whatever ends the demo, it leaves no process, no directory and no port behind. */
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltDemo, buildDemo, isAlive, RunningDemo } from './running-demo.ts';

const program = (name: string): string =>
  fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));

let built: BuiltDemo;
let demo: RunningDemo | undefined;

beforeAll(async () => {
  built = await buildDemo();
}, 60_000);

afterAll(() => built?.remove());

afterEach(async () => {
  await demo?.close();
  demo = undefined;
});

function run(...args: string[]): RunningDemo {
  demo = new RunningDemo(built, args);
  return demo;
}

describe('a demo that is interrupted while records come in', () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`leaves nothing behind after ${signal}`, async () => {
      const subject = run();
      const state = await subject.untilState(({ import: { records } }) => records > 0);
      const pids = state.nodes.map((node) => node.pid!);
      expect(pids.filter(isAlive)).toHaveLength(3);
      expect(subject.leftovers()).toHaveLength(1);
      subject.signal(signal);
      expect(await subject.exited).toBe(code);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(subject.leftovers()).toEqual([]);
      await Promise.all(state.nodes.map((node) => canListen(Number(new URL(node.httpUrl).port))));
    }, 60_000);
  }
});

describe('a supervisor that is itself killed with SIGKILL', () => {
  it('takes its nodes with it', async () => {
    const subject = run();
    const state = await subject.untilState(({ import: { records } }) => records > 0);
    subject.signal('SIGKILL');
    expect(await subject.exited).toBe('SIGKILL');
    await expect
      .poll(() => state.nodes.map((node) => node.pid!).filter(isAlive), { timeout: 20_000 })
      .toEqual([]);
  }, 60_000);
});

describe('a demo whose node ends by itself', () => {
  it('ends too, with what the node said last, and leaves nothing behind', async () => {
    const subject = run('--headless', '--server', program('full-disk-server'));
    expect(await subject.exited).toBe(1);
    expect(subject.output).toContain('Node n2 ended by itself (exit code 5).');
    expect(subject.output).toContain('The disk is full: free some space and start again.');
    expect(subject.output).not.toContain('    at ');
    expect(subject.leftovers()).toEqual([]);
  }, 60_000);
});

describe('a demo that cannot start', () => {
  it('shows what a node that does not start said last', async () => {
    const subject = run('--headless', '--server', program('broken-server'));
    expect(await subject.exited).toBe(1);
    expect(subject.output).toMatch(/Node n\d did not start \(exit code 7\)\./);
    expect(subject.output).toContain('the stub has no more to give');
    expect(subject.output).not.toContain('    at ');
    expect(subject.leftovers()).toEqual([]);
  });

  it('says in one sentence that the port of the dashboard is taken', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => resolve((blocker.address() as { port: number }).port));
    });
    const subject = run('--headless', '--port', String(port));
    expect(await subject.exited).toBe(1);
    expect(subject.output.trim()).toBe(
      `Port ${port} is taken: choose another one with --port, or none for a free one.`,
    );
    expect(subject.leftovers()).toEqual([]);
    blocker.close();
  });

  it('says in one sentence which option it does not understand', async () => {
    const unknown = run('--fast');
    expect(await unknown.exited).toBe(2);
    expect(unknown.output.trim()).toBe("Unknown option '--fast'; see --help.");
    await unknown.close();
    const odd = run('--records', 'many');
    expect(await odd.exited).toBe(2);
    expect(odd.output.trim()).toBe(
      "--records takes a whole number from 1000 to 10000000, not 'many'.",
    );
  });
});

/** Listens on the port for a moment: nobody else does any more. */
async function canListen(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
