/** What a page may send to the server, and what comes of it. */
import type { Transport } from '@ds/transport';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePresence,
  decodeSavingAnswer,
  decodeSavingQuestion,
  NOTE_CHANNEL,
  PRESENCE_CHANNEL,
} from '../../src/note-messages.ts';
import { VisitorTokens } from '../../src/visitor-tokens.ts';
import { Gathering, until } from '../support/people.ts';

/** A peer of the server that sends whatever it is told. */
function mallory(gathering: Gathering): { transport: Transport; send(message: unknown): void } {
  const transport = gathering.network.join('mallory');
  const channel = transport.channel(NOTE_CHANNEL, (plain) => plain);
  channel.onMessage(() => {});
  return { transport, send: (message) => void channel.send('notes', message) };
}

describe('the server', () => {
  it('counts what is no update, and everybody else goes on', async () => {
    const gathering = new Gathering();
    const [ada, ben] = [gathering.join('ada'), gathering.join('ben')];
    const { send } = mallory(gathering);
    for (const bytes of [[0xff], [0x80, 1, 0, 1, 65], [0x41, 0x05], new Array(500).fill(0x90)]) {
      send({ kind: 'update', known: new Uint8Array(0), update: Uint8Array.from(bytes) });
    }
    ada.insert(0, 'still here');
    expect(await until(() => ben.text.toString() === 'still here')).toBe(true);
    expect(gathering.server.status().rejected).toBe(4);
    expect(gathering.failures).toEqual([]);
  });

  it('takes no more than fits, says so, and keeps what it has', async () => {
    const gathering = new Gathering({ maxBytes: 1_000 });
    const ada = gathering.join('ada');
    ada.insert(0, 'x'.repeat(600));
    expect(await until(() => gathering.store.text.length === 600)).toBe(true);
    ada.insert(0, 'y'.repeat(600));
    expect(await until(() => ada.heard.some(({ full }) => full))).toBe(true);
    expect(gathering.store.text.toString()).toBe('x'.repeat(600));
    const ben = gathering.join('ben');
    expect(await until(() => ben.text.length === 600)).toBe(true);
    ben.insert(0, 'z');
    expect(await until(() => gathering.store.text.length === 601)).toBe(true);
    expect(gathering.server.status().bytes).toBeLessThanOrEqual(1_000);
  });

  it('tells a page that comes back what is saved, and keeps nothing twice', async () => {
    const gathering = new Gathering();
    const ada = gathering.join('ada');
    ada.insert(0, 'once');
    expect(await until(() => ada.heard.at(-1)?.saved === 4)).toBe(true);
    const { bytes } = gathering.server.status();
    ada.heard.length = 0;
    ada.cut();
    ada.heal();
    expect(await until(() => ada.heard.at(-1)?.saved === 4)).toBe(true);
    const { send } = mallory(gathering);
    const known = new Uint8Array(0);
    send({ kind: 'update', known, update: ada.text.updateSince() });
    send({ kind: 'update', known, update: Uint8Array.of(0xff) });
    expect(await until(() => gathering.server.status().rejected === 1)).toBe(true);
    expect(gathering.server.status().bytes).toBe(bytes);
    gathering.close();
  });

  it('tells those who are there when somebody leaves, and newcomers who is there', async () => {
    const gathering = new Gathering();
    const heard: { who: string; user: unknown }[] = [];
    const listen = (name: string) => {
      const transport = gathering.network.join(name);
      const channel = transport.channel(PRESENCE_CHANNEL, decodePresence);
      channel.onMessage((_from, { user }) => heard.push({ who: name, user: user?.name }));
      return { transport, channel };
    };
    const ada = listen('ada');
    const ben = listen('ben');
    ada.channel.send('notes', { replica: 1, count: 5, user: { name: 'Ada', colour: 2 } });
    expect(await until(() => heard.length === 1)).toBe(true);
    const cleo = listen('cleo');
    expect(await until(() => heard.length === 2)).toBe(true);
    await ada.transport.close();
    expect(await until(() => heard.length === 4)).toBe(true);
    expect(heard).toEqual([
      { who: 'ben', user: 'Ada' },
      { who: 'cleo', user: 'Ada' },
      { who: 'ben', user: undefined },
      { who: 'cleo', user: undefined },
    ]);
    await Promise.all([ben.transport.close(), cleo.transport.close()]);
  });
});

describe('a message', () => {
  it('that is none is refused with a TypeError, and nothing else', () => {
    const almost = fc.record(
      {
        saved: fc.oneof(fc.nat(), fc.anything()),
        full: fc.oneof(fc.boolean(), fc.anything()),
        replica: fc.oneof(fc.nat(), fc.anything()),
        count: fc.oneof(fc.nat(), fc.anything()),
        user: fc.oneof(fc.record({ name: fc.string(), colour: fc.nat(9) }), fc.anything()),
        anchor: fc.anything(),
        head: fc.oneof(fc.record({ side: fc.constantFrom('left', 'right') }), fc.anything()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(almost, fc.anything()), (plain) => {
        for (const decode of [decodeSavingQuestion, decodeSavingAnswer, decodePresence]) {
          try {
            decode(plain);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            expect((error as Error).message).toMatch(/^the field '\w+' makes no sense$/);
          }
        }
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('a token', () => {
  it('gives the identity it was issued for, and no other string gives any', () => {
    const tokens = new VisitorTokens(new Uint8Array(32).fill(1));
    const { identity, token } = tokens.issue();
    expect(tokens.identityOf(token)).toBe(identity);
    expect(new VisitorTokens(new Uint8Array(32).fill(2)).identityOf(token)).toBeUndefined();
    const [, signature] = token.split('.');
    const forged = [`visitor-0.${signature}`, identity, '', '.', `${token}.`, `${token}x`, 'a.b.c'];
    for (const other of forged) expect(tokens.identityOf(other)).toBeUndefined();
  });
});
