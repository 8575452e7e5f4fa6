import { describe, expect, it } from 'vitest';
import { CausalDelivery, VersionVector } from '../../src/index.ts';

const vector = (entries: Record<string, number>) => VersionVector.from(Object.entries(entries));

function logging(limits: { maxHeld?: number; maxHeldPerSender?: number } = {}) {
  const log: string[] = [];
  const delivery = new CausalDelivery<string>({ deliver: (text) => log.push(text), ...limits });
  return { log, delivery };
}

describe('causal delivery', () => {
  it('holds an answer back until its question is there', () => {
    const { log, delivery } = logging();
    expect(delivery.receive('b', vector({ a: 1, b: 1 }), 'answer')).toBe('held');
    expect(delivery.receive('b', vector({ a: 1, b: 1 }), 'answer')).toBe('duplicate');
    expect(delivery.receive('a', vector({ a: 1 }), 'question')).toBe('delivered');
    expect(delivery.receive('a', vector({ a: 1 }), 'question')).toBe('duplicate');
    expect(log).toEqual(['question', 'answer']);
    expect([delivery.held, delivery.delivered.toJSON()]).toEqual([0, { a: 1, b: 1 }]);
  });

  it('says what to ask for, without what it holds', () => {
    const { delivery } = logging();
    delivery.receive('a', vector({ a: 3 }), 'third');
    delivery.receive('b', vector({ a: 5, b: 1 }), 'first of b');
    expect(delivery.missing()).toEqual([
      { id: 'a', from: 1, to: 2 },
      { id: 'a', from: 4, to: 5 },
    ]);
  });

  it('takes no more than its limits, from all and from one, and delivers what need not wait', () => {
    const { log, delivery } = logging({ maxHeld: 3, maxHeldPerSender: 2 });
    const offer = (sender: string, number: number) =>
      delivery.receive(sender, vector({ [sender]: number }), `${sender}${number}`);
    expect([offer('a', 9), offer('a', 2), offer('a', 3)]).toEqual(['held', 'held', 'full']);
    expect([offer('b', 7), offer('c', 5)]).toEqual(['held', 'full']);
    expect(offer('a', 1)).toBe('delivered');
    expect([offer('a', 3), delivery.held]).toEqual(['delivered', 2]);
    expect(log).toEqual(['a1', 'a2', 'a3']);
  });

  it('takes no message that its sender has not numbered', () => {
    expect(logging().delivery.receive('a', vector({ b: 1 }), '')).toBe('invalid');
  });

  it('delivers what a delivery sends in after it, not inside it', () => {
    const log: string[] = [];
    const delivery: CausalDelivery<string> = new CausalDelivery<string>({
      deliver: (text) => {
        log.push(`< ${text}`);
        if (text === 'question') delivery.receive('b', vector({ a: 1, b: 1 }), 'answer');
        log.push(`${text} >`);
      },
    });
    delivery.receive('a', vector({ a: 1 }), 'question');
    expect(log).toEqual(['< question', 'question >', '< answer', 'answer >']);
  });

  it('loses no message to a delivery that throws', () => {
    const log: string[] = [];
    const delivery = new CausalDelivery<string>({
      deliver: (text) => {
        if (text === 'a1') throw new Error('no');
        log.push(text);
      },
    });
    delivery.receive('a', vector({ a: 2 }), 'a2');
    expect(() => delivery.receive('a', vector({ a: 1 }), 'a1')).toThrow('no');
    delivery.receive('b', vector({ b: 1 }), 'b1');
    expect(log).toEqual(['a2', 'b1']);
  });

  it('goes on after a restart where it was, and refuses to be without bounds', () => {
    const log: string[] = [];
    const deliver = (text: string) => void log.push(text);
    const delivery = new CausalDelivery({ deliver, delivered: vector({ a: 4 }) });
    expect(delivery.receive('a', vector({ a: 4 }), 'a4')).toBe('duplicate');
    expect(delivery.receive('a', vector({ a: 5 }), 'a5')).toBe('delivered');
    for (const maxHeld of [0, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => new CausalDelivery({ deliver, maxHeld })).toThrow(RangeError);
  });
});
