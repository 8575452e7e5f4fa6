/** A wire that tests can cut: forwards TCP connections to a port of this machine. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Wire {
  readonly #server: Server;
  #targetPort: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #mode: 'forward' | 'refuse' = 'forward';

  /** Port 0 leads nowhere, until {@link lead}. */
  static async open(targetPort: number): Promise<Wire> {
    const wire = new Wire(targetPort);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((near) => {
      if (this.#mode === 'refuse' || this.#targetPort === 0) return near.destroy();
      const far = connect(this.#targetPort, '127.0.0.1');
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const socket of pair) {
        socket.setNoDelay();
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#pairs.delete(pair);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  lead(targetPort: number): void {
    this.#targetPort = targetPort;
  }

  /** Resets what is connected and refuses what comes. */
  cut(): void {
    this.#mode = 'refuse';
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  heal(): void {
    this.#mode = 'forward';
  }

  /** Forwards nothing more on what is connected, and tells neither side. */
  freeze(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.pause();
      far.pause();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
