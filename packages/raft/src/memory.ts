/** A log and a whole group in memory: for tests, demos and benchmarks. */
export {
  type MemoryCluster,
  type MemoryClusterOptions,
  openMemoryCluster,
} from './driver/memory-cluster.ts';
export { MemoryRaftLog } from './log/memory-log.ts';
