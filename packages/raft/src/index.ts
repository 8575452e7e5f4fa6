export { type CallOptions, RaftClient, type RaftClientOptions } from './clients/client.ts';
export { type ServeClientsOptions, serveClients } from './clients/serve-clients.ts';
export type { RaftDiagnostics } from './driver/diagnostics.ts';
export { openRaftNode } from './driver/driver.ts';
export type {
  CloseOptions,
  PeerStatus,
  ProposeOptions,
  RaftNode,
  RaftNodeOptions,
  RaftRole,
  RaftStatus,
  ReadOptions,
  WaitOptions,
} from './driver/node.ts';
export {
  type ChangeRefusal,
  RaftError,
  type RaftErrorCode,
  type RaftErrorOptions,
} from './errors.ts';
export type { CommittedEntry, EntryKind, LogEntry, SessionTag } from './log/entry.ts';
export { openRaftLog, type RaftLogOptions } from './log/open-log.ts';
export type {
  HardState,
  LogBase,
  LogPosition,
  LogWrite,
  RaftLog,
  RecoveredLog,
  SnapshotStage,
  StagedSnapshot,
  TermRun,
} from './log/raft-log.ts';
export type { ApplyResult, MachineSnapshot, StateMachine } from './machine/state-machine.ts';
export {
  openStoreMachine,
  type StoreMachine,
  type StoreMachineOptions,
} from './machine/store-machine.ts';
export type { Transaction } from './machine/transaction.ts';
export type { Configuration, MemberChange } from './members/configuration.ts';
export type { PlacedConfiguration } from './members/configuration-history.ts';
