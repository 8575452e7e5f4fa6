/**
 * Keys with leases and watchers, and what is made of them: locks with fencing tokens, elections.
 */
export {
  type CoordinationAnswer,
  type CoordinationCommand,
  type CoordinationStatus,
  decodeAnswer,
  encodeCommand,
} from './coordination/coordination-commands.ts';
export {
  type CoordinationEvent,
  type CoordinationMachine,
  type CoordinationMachineOptions,
  type CoordinationRecord,
  openCoordinationMachine,
} from './coordination/coordination-machine.ts';
export { LeaseClock, type LeaseClockOptions } from './coordination/lease-clock.ts';
export { acquireLock, type HeldLock, type LockOptions } from './coordination/lock.ts';
