/** A log and a whole group in memory: for tests, demos and benchmarks. */
export {
  type MemoryCluster,
  type MemoryClusterOptions,
  openMemoryCluster,
} from './memory-cluster.ts';
export { MemoryRaftLog } from './memory-log.ts';
