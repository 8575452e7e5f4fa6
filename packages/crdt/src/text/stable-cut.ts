/**
 * Up to where a text may forget: what every copy is known to have, and everything that is not
 * forgotten knew.
 *
 * An event is *critical* when every other came before it or after it. It is *stable* when every
 * copy that may still edit has said that it knows it, and all edits are here that those copies had
 * made when they said so. Then whatever is made from now on follows on it, and so does what is on
 * its way: nobody will ever ask where exactly something before it stood.
 *
 * That a copy knows an event is not enough: it may have edited before it learned of it, and the
 * edit not have arrived. So the smallest common vector of a matrix clock will not do, unless
 * messages are delivered in causal order; here each copy's own report is looked at.
 *
 * Cost: O(runs of events).
 * Source: C. Baquero, P. S. Almeida, A. Shoker, "Making Operation-Based CRDTs Operation-Based",
 * 2014, section 4; critical versions: J. Gentle and M. Kleppmann, "Collaborative Text Editing with
 * Eg-walker", EuroSys 2025, section 3.5.
 */
import { BEGINNING, type EventGraph } from './event-graph.ts';
import type { KnownEvents } from './update.ts';

/** The newest event that is critical and stable; {@link BEGINNING} when there is none. */
export function stableCut(graph: EventGraph, reports: ReadonlyMap<number, KnownEvents>): number {
  for (const [replica, report] of reports) {
    if ((report.get(replica) ?? 0) > graph.count(replica)) return BEGINNING;
  }
  const joins = joiningRuns(graph);
  // The oldest event on which anything later follows directly.
  let oldest = graph.length;
  for (let index = graph.runs - 1; index >= 0; index -= 1) {
    const { start, end, replica, sequence, parents } = graph.run(index);
    let stable = end;
    for (const report of reports.values()) {
      stable = Math.min(stable, start + (report.get(replica) ?? 0) - sequence);
    }
    const cut = Math.min(stable - 1, oldest);
    if (joins[index] && cut >= start) return cut;
    oldest = Math.min(oldest, parents[0] ?? BEGINNING);
  }
  return BEGINNING;
}

/** For each run, whether its events know all that has a smaller number. */
function joiningRuns(graph: EventGraph): boolean[] {
  const joins: boolean[] = [];
  let heads: number[] = [];
  for (let index = 0; index < graph.runs; index += 1) {
    const { end, parents } = graph.run(index);
    heads = heads.filter((head) => !parents.includes(head));
    joins.push(heads.length === 0);
    heads.push(end - 1);
  }
  return joins;
}
