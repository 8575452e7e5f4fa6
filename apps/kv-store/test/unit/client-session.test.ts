import { expect, it } from 'vitest';
import { ClientSession } from '../../src/client-session.ts';

it('acknowledges only up to the first write that may still be sent again', () => {
  const session = new ClientSession(9);
  const [first, second, third] = [session.take(), session.take(), session.take()];
  session.settle(third);
  session.settle(second);
  expect(session.tag(session.take())).toEqual({ session: 9, sequence: 4, acknowledged: 0 });
  session.settle(first);
  expect(session.tag(session.take())).toEqual({ session: 9, sequence: 5, acknowledged: 3 });
});
