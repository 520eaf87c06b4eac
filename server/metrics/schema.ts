/** A step of a map as it is kept: key, va, nnva, wait, runs, passes, accurate passes, offset, passes whose class was va, nnva, wait. */
export type KeptStep = [string, number, number, number, number, number, number, number, number, number, number];
/** Sums over runs as they are kept: runs, runs not imported, runs with an end; va, nnva and wait, whole and from the push; steps. Times in µs. */
export type KeptSums = { of: [number, number, number]; whole: [number, number, number]; pushed: [number, number, number]; steps: KeptStep[] };
