export { type CallOptions, RaftClient, type RaftClientOptions } from './client.ts';
export type { ChangeRefusal, Configuration, MemberChange } from './configuration.ts';
export type { PlacedConfiguration } from './configuration-history.ts';
export type { RaftDiagnostics } from './diagnostics.ts';
export { openRaftNode } from './driver.ts';
export type { CommittedEntry, EntryKind, LogEntry, SessionTag } from './entry.ts';
export { RaftError, type RaftErrorCode, type RaftErrorOptions } from './errors.ts';
export { openRaftLog, type RaftLogOptions } from './file-log.ts';
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
} from './node.ts';
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
} from './raft-log.ts';
export { type ServeClientsOptions, serveClients } from './serve-clients.ts';
export type { ApplyResult, MachineSnapshot, StateMachine } from './state-machine.ts';
export {
  openStoreMachine,
  type StoreMachine,
  type StoreMachineOptions,
  type Transaction,
} from './store-machine.ts';
