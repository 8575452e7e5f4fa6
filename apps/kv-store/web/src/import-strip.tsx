/** The import and its proof: how many records are in, who was killed at which one, and the verdict. */
import type { ImportView, Phase } from '../../src/demo/state.ts';
import { count } from './format.ts';

interface ImportStripProps {
  readonly progress: ImportView;
  readonly phase: Phase;
  readonly nodes: number;
}

export function ImportStrip({ progress, phase, nodes }: ImportStripProps) {
  const { source, total, records, perSecond, marks, readBack, verdict } = progress;
  const proving = phase === 'verifying' || phase === 'ready';
  return (
    <section class="import" aria-label="Import">
      <div class="track">
        <p>
          <strong>{records < total ? `Importing ${source}` : `${source} imported`}</strong>
          <span>
            {records < total ? `${count(records)} of ${count(total)}` : count(total)} records
            {perSecond > 0 && ` · ${count(perSecond)}/s`}
          </span>
        </p>
        <div class="rail">
          <progress max={total} value={records} aria-label="Records imported" />
          {marks.map(({ records: at, node, leader }) => (
            <span
              key={`${node}-${at}`}
              class={leader ? 'mark leader' : 'mark'}
              style={{ left: `${(at / total) * 100}%` }}
              title={`${node} was killed at record ${count(at)}`}
            >
              {node}
              {leader ? ', leader' : ''}
            </span>
          ))}
        </div>
      </div>
      <div class="track">
        <p>
          <strong>{proof(phase, verdict)}</strong>
          <span>
            {proving
              ? `${count(readBack)} of ${count(total * nodes)} copies`
              : `then all ${nodes} copies of it`}
          </span>
        </p>
        <div class="rail">
          <progress
            class={verdict && verdict.lost + verdict.wrong > 0 ? 'bad' : 'proof'}
            max={total * nodes}
            value={readBack}
            aria-label="Copies read back"
          />
        </div>
      </div>
    </section>
  );
}

function proof(phase: Phase, verdict: ImportView['verdict']): string {
  if (verdict !== undefined) return `${count(verdict.lost)} lost, ${count(verdict.wrong)} wrong`;
  if (phase === 'failed') return 'The run failed: see the list of events';
  return phase === 'verifying' ? 'Reading every record back' : 'Read every record back';
}
