/**
 * One client of a store: a connection that sends its next request when the last one is answered.
 *
 * Requests are bytes made beforehand, and answers are read only as far as it takes to know that
 * they are whole and no error. So a request costs a client the same over every protocol, one write
 * and one read, and the two cores go to the servers.
 */
import { connect, type Socket } from 'node:net';

/** How one protocol begins a connection, frames a request, and knows an answer. */
export interface Protocol {
  /** Bytes to send first; answers to them are passed to {@link greeted}. */
  readonly greeting: readonly Buffer[];
  /**
   * Takes what came before the first request.
   * @returns how many bytes it took, and whether the connection is ready for requests
   */
  greeted(bytes: Buffer, write: (bytes: Buffer) => void): { taken: number; ready: boolean };
  /** The bytes of a request; may fill in what changes from one to the next. */
  frame(request: Buffer): Buffer;
  /**
   * Looks for an answer.
   * @returns how many bytes belong to what is done with, and whether the answer is complete
   * @throws when it is an error: a bench of errors would be fast
   */
  answered(bytes: Buffer, write: (bytes: Buffer) => void): { taken: number; complete: boolean };
}

const NOTHING = Buffer.alloc(0);

export class Connection {
  readonly #socket: Socket;
  readonly #protocol: Protocol;
  readonly #write = (bytes: Buffer): void => void this.#socket.write(bytes);
  #bytes: Buffer = NOTHING;
  #isReady = false;
  #resolve: (() => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, protocol: Protocol) {
    this.#socket = socket;
    this.#protocol = protocol;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static open(port: number, protocol: Protocol): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      const connection = new Connection(socket, protocol);
      connection.#resolve = () => resolve(connection);
      connection.#reject = (error) => {
        socket.destroy();
        reject(error);
      };
      socket.once('connect', () => {
        for (const bytes of protocol.greeting) socket.write(bytes);
        if (protocol.greeting.length === 0) connection.#ready();
      });
    });
  }

  ask(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(this.#protocol.frame(request));
    });
  }

  close(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#socket.destroy();
  }

  /** Ends at once; a request under way rejects. */
  destroy(): void {
    this.#socket.destroy();
  }

  #ready(): void {
    this.#isReady = true;
    this.#settle();
  }

  #settle(): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.#reject = undefined;
    resolve?.();
  }

  #fail(error: Error): void {
    const reject = this.#reject;
    this.#resolve = undefined;
    this.#reject = undefined;
    reject?.(error);
  }

  #receive(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    try {
      if (!this.#isReady) {
        const { taken, ready } = this.#protocol.greeted(this.#bytes, this.#write);
        this.#drop(taken);
        if (ready) this.#ready();
        return;
      }
      const { taken, complete } = this.#protocol.answered(this.#bytes, this.#write);
      this.#drop(taken);
      if (complete) this.#settle();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #drop(taken: number): void {
    this.#bytes = taken === this.#bytes.length ? NOTHING : this.#bytes.subarray(taken);
  }
}
