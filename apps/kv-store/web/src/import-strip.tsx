/** The import and its proof: the records, what was done to the nodes meanwhile, the verdict. */
import type { ImportView, Phase, PlanMark } from '../../src/demo/state.ts';
import { count } from './format.ts';

const MARKS: Record<PlanMark['what'], string> = {
  'leader killed': '✕',
  'follower killed': '✕',
  joined: '+',
  removed: '−',
};

interface ImportStripProps {
  readonly progress: ImportView;
  readonly phase: Phase;
}

export function ImportStrip({ progress, phase }: ImportStripProps) {
  const { source, total, records, perSecond, marks, readBack, copies, verdict } = progress;
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
          {marks.map(({ records: at, node, what }) => (
            <span
              key={`${node}-${at}`}
              class={`mark ${what.replace(' ', '-')}`}
              style={{ left: `${(at / total) * 100}%` }}
              title={`${node}: ${what} at record ${count(at)}`}
            >
              {MARKS[what]} {node}
              {what === 'leader killed' ? ', leader' : ''}
            </span>
          ))}
        </div>
      </div>
      <div class="track">
        <p>
          <strong>{proof(phase, verdict)}</strong>
          <span>
            {proving
              ? `${count(readBack)} of ${count(copies)} copies`
              : `then all ${Math.round(copies / total)} copies of it`}
          </span>
        </p>
        <div class="rail">
          <progress
            class={verdict && verdict.lost + verdict.wrong > 0 ? 'bad' : 'proof'}
            max={copies}
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
