/**
 * How cost grows with the number of records: a random load, reads, and space, each at so many
 * records, at about three times as many and at ten times; drawn into the package's docs.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { RoundReport, RunContext } from '../bench.ts';
import { runProgram } from '../rounds.ts';
import { drawPanels, type Panel } from './growth-plot.ts';

const FACTORS = [1, 3, 10];
const PROGRAMS = ['ours', 'classic-level'];
const PANELS: Readonly<Record<string, string>> = {
  'load, CPU': 'random load, CPU us per record',
  'c. get, hit, CPU': 'get, hit, CPU us',
  'c. get, miss, CPU': 'get, miss, CPU us',
  'f. size after a random load': 'bytes on disk per byte of data',
};
const PLOT = fileURLToPath(import.meta.url).replace(
  /apps[/\\]bench[/\\].*$/,
  'packages/storage-lsm/docs/growth.svg',
);

export async function growth({ folder, settings, progress }: RunContext): Promise<object> {
  const points: { readonly records: number; readonly report: RoundReport }[] = [];
  for (const factor of FACTORS) {
    const records = Number(settings.records) * factor;
    for (const program of PROGRAMS) {
      progress(`${records.toLocaleString('en-US')} records: ${program}`);
      const given = [`--records=${records}`, '--only=growth'];
      const output = await runProgram([process.execPath, `${folder}/${program}.js`, ...given]);
      points.push({ records, report: JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') });
    }
  }
  const panels = Object.entries(PANELS).map(([figure, title]): Panel => {
    const names = [...new Set(points.map(({ report }) => report.name))];
    return {
      title,
      series: names.map((name) => ({
        name,
        points: points
          .filter(({ report }) => report.name === name)
          .map(({ records, report }) => ({ x: records, y: report.figures[figure] ?? Number.NaN })),
      })),
    };
  });
  const date = new Date().toISOString();
  const machine = `${cpus()[0]?.model.trim()}, Node ${process.version}`;
  writeFileSync(PLOT, drawPanels(panels, `${machine}, ${date.slice(0, 10)}, default options`));
  return { package: 'storage-lsm', date, machine, plot: PLOT, points };
}
