/** Waiting until leadership has moved, or an election timeout has passed in vain. */
import type { Clock } from '@ds/clock';
import type { Listeners } from '@ds/transport';
import { RaftError } from '../errors.ts';
import type { RaftStatus } from './node.ts';

export interface AwaitTransferOptions {
  readonly clock: Clock;
  readonly changes: Listeners<[status: RaftStatus]>;
  readonly isOver: () => boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export function awaitTransfer(options: AwaitTransferOptions): Promise<void> {
  const { clock, changes, isOver, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const settle = (settled: () => void): void => {
      timer.cancel();
      unsubscribe();
      signal?.removeEventListener('abort', abort);
      settled();
    };
    const abort = (): void => settle(() => reject(signal?.reason));
    const unsubscribe = changes.add(() => {
      if (isOver()) settle(resolve);
    });
    const timer = clock.setTimer(timeoutMs, () => {
      const text = `no other member took over within ${timeoutMs} ms`;
      settle(() => reject(new RaftError('RAFT_TRANSFER_FAILED', text)));
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}
