export * from "./accounts";
export * from "./apps";
export * from "./cluster";
export * from "./deployments";
export * from "./improvement";
export * from "./notices";
export * from "./projects";
export * from "./streams";
