/** By this the engine knows a build, and another worker can end it. */
export const buildId = (deploymentId: string, attempt: number): string => `${deploymentId}-${attempt}`;
