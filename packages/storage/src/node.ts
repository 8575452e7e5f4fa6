/** What this package does with Node: its files, and a program that shows what is in them. */
export { nodeFileSystem } from './node-file-system.ts';
export { type InspectTarget, runInspect } from './node-inspect.ts';
