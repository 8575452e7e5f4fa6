/**
 * One server as an operating-system process: started, killed without warning, stopped politely.
 *
 * Invariants: at most one process at a time; after `stop()` none is left, whatever it was doing.
 * The process gets a group of its own, so that a Ctrl-C in the terminal reaches the supervisor
 * alone, which then stops its nodes in order; and it holds a pipe to the supervisor as standard
 * input, whose end tells it that the supervisor is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const KEPT_LINES = 12;
const STOP_WITHIN_MS = 5_000;

export interface NodeProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Rewrites the command line of one start, to run it under another program. */
  readonly wrap?: (argv: readonly string[]) => readonly string[];
  /** Called when the process ends without having been asked to. */
  readonly onUnexpectedExit: (how: string) => void;
}

export class NodeProcess {
  readonly #options: NodeProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #silent: Promise<void> = Promise.resolve();
  #expected = true;
  #lines: string[] = [];
  #exit: string | undefined;

  constructor(options: NodeProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get alive(): boolean {
    return this.#child !== undefined;
  }

  /** The last lines it printed, this time. */
  get lastLines(): readonly string[] {
    return this.#lines;
  }

  /** How it ended, once it has: `exit code 1`, `SIGKILL`. */
  get exit(): string | undefined {
    return this.#exit;
  }

  /** Starts the process; whether it came up is the caller's to find out. */
  start(): void {
    if (this.#child !== undefined) throw new Error('the process is running already');
    const { command, args, wrap, onUnexpectedExit } = this.#options;
    const [program, ...rest] = wrap?.([command, ...args]) ?? [command, ...args];
    const child = spawn(program!, rest, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    this.#expected = false;
    this.#exit = undefined;
    this.#lines = [];
    this.#keepLines(child);
    // A node that dies while it is being written to breaks the pipe; its exit says all there is.
    child.stdin?.on('error', () => {});
    this.#exited = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        this.#exit = how;
        resolve();
      };
      child.once('error', (error) => ended(error.message));
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
    // Its last words may arrive after its end, and they say why it ended.
    this.#silent = new Promise((resolve) => child.once('close', () => resolve()));
    void this.#silent.then(() => {
      if (!this.#expected && this.#exit !== undefined) onUnexpectedExit(this.#exit);
    });
  }

  /** Resolves when an ended process has been heard to the end. */
  get silent(): Promise<void> {
    return this.#silent;
  }

  /** SIGKILL: no goodbye, no flush. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM, and SIGKILL for one that does not go within five seconds. Idempotent. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#expected = true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** One line to its standard input. */
  tell(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }

  #keepLines(child: ChildProcess): void {
    const lines = this.#lines;
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\n');
        rest = (parts.pop() ?? '').slice(-2_000);
        for (const part of parts) if (part.trim() !== '') lines.push(part);
        lines.splice(0, lines.length - KEPT_LINES);
      });
    }
  }
}
