/** The ports kept in memory: for programs without a disk, and for the tests of those with one. */
export { MemoryFileSystem, type MemoryFileSystemOptions } from './memory-file-system.ts';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
