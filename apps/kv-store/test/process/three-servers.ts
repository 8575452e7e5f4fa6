/** A cluster of three processes with their data on disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvClient } from '../../src/client.ts';
import { buildPrograms, type Ended, freePorts, Program, removePrograms } from './programs.ts';

export class ThreeServers implements AsyncDisposable {
  /** Of the binary client `test`. */
  static readonly token: string = 'a-token-of-the-test';
  readonly directory: string;
  readonly #ports: readonly number[];
  readonly #programs = new Map<string, Program>();

  private constructor(directory: string, ports: readonly number[]) {
    this.directory = directory;
    this.#ports = ports;
    writeFileSync(join(directory, 'key'), 'a key that all three of them share');
    writeFileSync(join(directory, 'tokens'), `# who may\ntest ${ThreeServers.token}\n`);
  }

  static async start(): Promise<ThreeServers> {
    await buildPrograms();
    const directory = mkdtempSync(join(tmpdir(), 'ds-kv-process-'));
    const servers = new ThreeServers(directory, await freePorts(9));
    await Promise.all(servers.ids.map((id) => servers.start(id)));
    return servers;
  }

  readonly ids: readonly string[] = ['n1', 'n2', 'n3'];

  get endpoints(): string[] {
    return this.ids.map((_, i) => `http://127.0.0.1:${this.#ports[i]}`);
  }

  /** The doors for binary clients. */
  get doors(): Record<string, string> {
    return Object.fromEntries(
      this.ids.map((id, i) => [id, `ws://127.0.0.1:${this.#ports[6 + i]}`]),
    );
  }

  /** What a node that is to join is told of the others. */
  get peerArgs(): string[] {
    const peers = this.ids.flatMap((id, i) => [
      '--peer',
      `${id}=ws://127.0.0.1:${this.#ports[3 + i]}`,
    ]);
    return [...peers, '--key-file', join(this.directory, 'key')];
  }

  dataOf(id: string): string {
    return join(this.directory, id);
  }

  argsOf(id: string): string[] {
    const at = this.ids.indexOf(id);
    const peers = this.ids.flatMap((peer, i) =>
      i === at ? [] : ['--peer', `${peer}=ws://127.0.0.1:${this.#ports[3 + i]}`],
    );
    return [
      ...['--id', id, '--data', this.dataOf(id)],
      ...['--http', `127.0.0.1:${this.#ports[at]}`, '--listen', `127.0.0.1:${this.#ports[3 + at]}`],
      ...['--key-file', join(this.directory, 'key'), '--election-timeout', '300', ...peers],
      ...['--binary', `127.0.0.1:${this.#ports[6 + at]}`, '--snapshot-entries', '100'],
      ...['--token-file', join(this.directory, 'tokens')],
    ];
  }

  /** Starts a node and waits until it says that it is ready. */
  async start(id: string, extra: readonly string[] = []): Promise<Program> {
    const program = new Program('server', [...this.argsOf(id), ...extra]);
    this.#programs.set(id, program);
    await program.says(`${id} is ready`);
    return program;
  }

  program(id: string): Program {
    return this.#programs.get(id)!;
  }

  async kill(id: string, signal: NodeJS.Signals): Promise<Ended> {
    return this.program(id).kill(signal);
  }

  /** Who leads; waits until somebody does. */
  async leader(): Promise<string> {
    await using client = new KvClient({ endpoints: this.endpoints });
    for (;;) {
      for (const status of await client.status()) {
        if (!(status instanceof Error) && status.role === 'leader') return status.id;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program.kill('SIGKILL')));
    rmSync(this.directory, { recursive: true, force: true });
    removePrograms();
  }
}
