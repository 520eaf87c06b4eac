import type { Micros } from "../db/schema/columns";

export type Clock = () => Micros;

/**
 * Wall clock in integer microseconds. It follows `Date.now()` but carries the sub-millisecond part of the
 * monotonic clock, so that two spans that touch share one exact instant.
 */
export const systemClock: Clock = () => Math.round((performance.timeOrigin + performance.now()) * 1000);
