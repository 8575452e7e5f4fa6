/** Prints the trace hash of one seed's run, so that two processes can be compared. */
import { runStore } from './run-store.ts';

const { traceHash } = await runStore({ seed: Number(process.argv[2]) });
console.log(traceHash);
