export type { Causal, StoreType } from './causal.ts';
export { CausalContext } from './causal-context.ts';
export { type CountPair, type Counts, gCounter, pnCounter } from './counters.ts';
export { type Crdt, decode, encode, type Lattice, type ReplicaId } from './crdt.ts';
export { type Dots, dotSet, type ValuedDots } from './dots.ts';
export { CrdtError, type CrdtErrorCode } from './errors.ts';
export { disableWinsFlag, enableWinsFlag } from './flags.ts';
export { gSet, type TwoPhase, twoPhaseSet } from './grow-sets.ts';
export type { Key } from './keys.ts';
export { type Entry, lwwElementSet, lwwMap } from './lww-collections.ts';
export { type Nestable, type OrMapMutators, orMap } from './or-map.ts';
export { type OrSet, type OrSetStore, orSet } from './or-set.ts';
export { type Item, orderedList } from './ordered-list.ts';
export type { Plain } from './plain.ts';
export { type LastWrite, lwwRegister, mvRegister } from './registers.ts';
export { resettableCounter } from './resettable-counter.ts';
export type { Stamp } from './stamp.ts';
export { type Anchor, anchorAt, positionOf } from './text/anchor.ts';
export { type Forgetting, forgetting } from './text/forgetting.ts';
export type { TextChange } from './text/history.ts';
export {
  Presence,
  type PresenceMessage,
  type PresenceOptions,
  type Present,
  type Selection,
} from './text/presence.ts';
export {
  type ChangeListener,
  type ChangeOrigin,
  type CharacterPlace,
  Text,
  type TextOptions,
} from './text/text.ts';
export { Undo, type UndoOptions } from './text/undo.ts';
export type { CharacterRun, EventName, KnownEvents } from './text/update.ts';
