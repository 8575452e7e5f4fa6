/**
 * A network whose every step a test chooses: frames and endings wait in one queue per direction
 * until they are picked. For interleavings that real sockets show once in a million runs.
 */
import type { FrameSocket, SocketEvents } from '../../src/frame-socket.ts';
import type { Listening, Network } from '../../src/socket.ts';

type Ending = Parameters<SocketEvents['closed']>[0];

export class FakeSocket implements FrameSocket {
  bufferedBytes = 0;
  readonly sent: Buffer[] = [];
  readonly inbox: (() => void)[] = [];
  events: SocketEvents | undefined;
  other: FakeSocket | undefined;
  open = true;

  listen(events: SocketEvents): void {
    this.events = events;
  }

  send(frame: Buffer, sent?: () => void): void {
    if (!this.open) return;
    this.sent.push(frame);
    this.other?.inbox.push(() => this.other?.open && this.other.events?.frame(Buffer.from(frame)));
    sent?.();
  }

  authenticated(): void {}

  close(_code: number, reason: string): void {
    this.#end(reason, reason);
  }

  destroy(): void {
    this.#end('destroyed', 'reset');
  }

  /** The wire breaks: each end notices when its inbox comes to it. */
  break(): void {
    for (const side of [this, this.other]) side?.inbox.push(() => side.#closed('broken'));
  }

  /** Only this end notices; the other hears nothing more. */
  breakHere(): void {
    if (this.other) this.other.other = undefined;
    this.other = undefined;
    this.inbox.push(() => this.#closed('broken here'));
  }

  #end(here: string, there: string): void {
    if (!this.open) return;
    const { other } = this;
    this.inbox.push(() => this.#closed(here));
    other?.inbox.push(() => other.#closed(there));
    this.open = false;
  }

  #closed(problem: string): void {
    const { events } = this;
    this.open = false;
    this.events = undefined;
    events?.closed({ problem, refusal: undefined } satisfies Ending);
  }
}

export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];
  readonly #listeners = new Map<string, (socket: FrameSocket) => void>();
  #nonce = 0;
  dials = 0;

  /** What stands for the real network at every node. */
  get port(): Network {
    return {
      randomBytes: (length) => Buffer.alloc(length, `nonce ${(this.#nonce += 1)} `),
      dial: (url) => this.#dial(url),
      listen: async (): Promise<Listening> => ({ port: 0, close: async () => {} }),
    };
  }

  listen(url: string, connected: (socket: FrameSocket) => void): void {
    this.#listeners.set(url, connected);
  }

  /** Does one thing that waits, chosen by `draw` in [0, 1); false when nothing waits. */
  step(draw: number): boolean {
    const busy = this.sockets.filter(({ inbox }) => inbox.length > 0);
    const socket = busy[Math.floor(draw * busy.length)];
    const happen = socket?.inbox.shift();
    happen?.();
    return happen !== undefined;
  }

  #dial(url: string): FakeSocket {
    this.dials += 1;
    const [near, far] = [new FakeSocket(), new FakeSocket()];
    [near.other, far.other] = [far, near];
    far.inbox.push(() => this.#listeners.get(url)!(far));
    near.inbox.push(() => near.open && near.events?.opened());
    this.sockets.push(near, far);
    return near;
  }
}
