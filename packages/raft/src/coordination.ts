/**
 * Keys with leases and watchers, and what is made of them: locks with fencing tokens, elections.
 */
export {
  type CoordinationAnswer,
  type CoordinationCommand,
  type CoordinationStatus,
  decodeAnswer,
  encodeCommand,
} from './coordination-commands.ts';
export {
  type CoordinationEvent,
  type CoordinationMachine,
  type CoordinationMachineOptions,
  type CoordinationRecord,
  openCoordinationMachine,
} from './coordination-machine.ts';
export { LeaseClock, type LeaseClockOptions } from './lease-clock.ts';
export { acquireLock, type HeldLock, type LockOptions } from './lock.ts';
