/** Tells listeners, and diagnostics channels, when role, term, leader or members are others. */
import { Listeners, type Unsubscribe } from '@ds/transport';
import type { RaftCore } from '../core/core.ts';
import type { Configuration } from '../members/configuration.ts';
import { diagnostics } from './diagnostics.ts';
import type { RaftRole, RaftStatus } from './node.ts';

interface Seen {
  readonly role: RaftRole;
  readonly term: number;
  readonly leader: string | undefined;
}

export class ChangeNotice {
  readonly listeners: Listeners<[status: RaftStatus]> = new Listeners();
  readonly #node: string;
  readonly #status: () => RaftStatus;
  #seen: Seen | undefined;
  #configuration: Configuration | undefined;

  constructor(node: string, status: () => RaftStatus) {
    this.#node = node;
    this.#status = status;
  }

  add(listener: (status: RaftStatus) => void): Unsubscribe {
    return this.listeners.add(listener);
  }

  /** Looks whether anything has changed. Cheap when nothing has. */
  look({ role, term, leader, configuration, configurationIndex }: RaftCore): void {
    const node = this.#node;
    if (configuration !== this.#configuration) {
      this.#configuration = configuration;
      if (diagnostics.members.hasSubscribers) {
        diagnostics.members.publish({ node, configuration, index: configurationIndex });
      }
    }
    const seen = this.#seen;
    if (term === seen?.term && role === seen.role && leader === seen.leader) return;
    this.#seen = { role, term, leader };
    if (diagnostics.change.hasSubscribers) diagnostics.change.publish({ node, role, term, leader });
    this.emit();
  }

  emit(): void {
    if (this.listeners.size > 0) this.listeners.emit(this.#status());
  }
}
