/** A client under a test's control: opens a WebSocket, and sends whatever it is told. */
import { writeHello, writeToken } from '../../src/client-handshake.ts';
import { Attacker } from './attacker.ts';
import { tokenOf } from './clients.ts';

export interface UninvitedOptions {
  readonly name?: string;
  readonly token?: string;
  readonly instance?: Uint8Array;
}

export class Uninvited extends Attacker {
  static async connect(port: number): Promise<Uninvited> {
    const uninvited = new Uninvited(port);
    await uninvited.opened();
    return uninvited;
  }

  /** Goes through the handshake; false when it was refused. */
  async enter({
    name = 'mallory',
    token = tokenOf('mallory'),
    instance = new Uint8Array(16).fill(1),
  }: UninvitedOptions = {}): Promise<boolean> {
    this.send(writeHello(name, instance));
    if ((await this.receive()) === undefined) return false;
    this.send(writeToken(token));
    return (await this.receive()) !== undefined;
  }
}
