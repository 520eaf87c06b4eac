/** The label by which a node builds, or does not: without it the platform's own does, and others do not. */
export const BUILD_LABEL = "dokploy.build";
