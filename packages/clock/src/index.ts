export { type Clock, checkDelay, type Timer } from './clock.ts';
export { systemClock } from './system.ts';
export { type Deadline, deadline, sleep } from './wait.ts';
