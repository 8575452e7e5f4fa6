/**
 * Bringing log and machine together, at opening and when a snapshot has been installed: whatever a
 * crash left half done is finished here, from what is on disk alone.
 *
 * | on disk                                        | then                                        |
 * |------------------------------------------------|---------------------------------------------|
 * | a staged snapshot the machine has moved past   | drop it                                     |
 * | ... that ends inside the log                   | drop it: the log leads from machine to it   |
 * | ... that the log does not reach                | reset the log to it, restore, drop it       |
 * | ... that the log starts after                  | restore the machine, drop it                |
 * | a machine between the log's base and its end   | nothing to do                               |
 * | anything else                                  | `RAFT_CORRUPT`                              |
 *
 * A staged snapshot is dropped only once the machine's own disk reaches the start of the log.
 */
import type { NodeId } from '@ds/transport';
import { LogView } from '../core/log-view.ts';
import { RaftError } from '../errors.ts';
import type { RaftLog } from '../log/raft-log.ts';
import type { StateMachine } from '../machine/state-machine.ts';
import { initialConfiguration } from '../members/configuration.ts';

/**
 * Makes `members` the voters of a new log. A log that has a configuration keeps it: from then on
 * only changes of members that go through the log count.
 */
export function beginLog(log: RaftLog, members: readonly NodeId[]): void {
  if (log.recovered().configurations.length > 0) return;
  const configuration = initialConfiguration(members);
  // Not synced: every later write comes after it, and nothing leaves this node before one of them.
  log.write({ reset: { index: 0, term: 0, configuration }, entries: [] });
}

/** Leaves a machine that continues where `log` starts or later. */
export async function recoverMachine(log: RaftLog, machine: StateMachine): Promise<void> {
  const staged = log.stagedSnapshot();
  if (staged !== undefined) {
    const { index, term, configuration } = staged;
    const view = new LogView(log.recovered());
    const isBridged = view.term(index) === term && view.baseIndex <= machine.appliedIndex;
    if (machine.appliedIndex < index && !isBridged) {
      if (view.term(index) !== term) {
        log.write({ reset: { index, term, configuration }, entries: [] });
        await log.sync();
      }
      await machine.restore({ index, term }, staged.chunks());
    }
    // A machine that lives in memory alone needs it again at the next opening.
    if ((await machine.sync()) >= log.recovered().base.index) log.discardSnapshot();
  }
  checkTogether(log, machine);
}

function checkTogether(log: RaftLog, machine: StateMachine): void {
  const { appliedIndex, appliedTerm } = machine;
  const { base, lastIndex, terms } = log.recovered();
  if (appliedIndex < base.index) {
    const text = `the machine ends at entry ${appliedIndex}, but the log starts after ${base.index}`;
    throw new RaftError('RAFT_CORRUPT', text);
  }
  if (appliedIndex > lastIndex) {
    const text = `the machine has applied entry ${appliedIndex}, but the log ends at ${lastIndex}`;
    throw new RaftError('RAFT_CORRUPT', text);
  }
  const term = new LogView({ base, lastIndex, terms }).term(appliedIndex);
  if (term !== appliedTerm) {
    const text = `the machine has applied entry ${appliedIndex} of term ${appliedTerm}, the log has term ${term}`;
    throw new RaftError('RAFT_CORRUPT', text);
  }
}
