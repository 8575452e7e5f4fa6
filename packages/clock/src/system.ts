/**
 * The machine's own clock: the one file of this package that touches global time.
 *
 * Timers keep a Node process alive until they fire or are cancelled, as `setTimeout` does.
 * Cost: one host timer per pending timer; a delay of 0 takes the host's immediate queue, since
 * `setTimeout(0)` waits a millisecond in Node and four in browsers.
 */
import { type Clock, checkDelay, type Timer } from './clock.ts';

// A host timer holds its delay in 31 bits: longer ones are walked in steps.
const MAX_HOST_DELAY_MS = 2 ** 31 - 1;

/** Time as this machine tells it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs: number, fire: () => void): Timer {
    return checkDelay(delayMs) === 0 ? setImmediateTimer(fire) : setDelayedTimer(delayMs, fire);
  },
};

function setDelayedTimer(delayMs: number, fire: () => void): Timer {
  const deadline = performance.now() + delayMs;
  let host: ReturnType<typeof setTimeout>;
  const wait = (leftMs: number): void => {
    host = setTimeout(expire, Math.min(Math.ceil(leftMs), MAX_HOST_DELAY_MS));
  };
  // Hosts round delays, so a timer can come up to a millisecond early: wait again for the rest.
  const expire = (): void => {
    const leftMs = deadline - performance.now();
    if (leftMs > 0) wait(leftMs);
    else fire();
  };
  wait(delayMs);
  return { cancel: () => clearTimeout(host) };
}

function setImmediateTimer(fire: () => void): Timer {
  if (typeof setImmediate === 'function') {
    const host = setImmediate(fire);
    return { cancel: () => clearImmediate(host) };
  }
  // Browsers have no immediate queue; a message to oneself is the nearest thing to it.
  let pending = true;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    if (pending) {
      pending = false;
      fire();
    }
  };
  port2.postMessage(undefined);
  return {
    cancel: () => {
      pending = false;
      port1.close();
    },
  };
}
