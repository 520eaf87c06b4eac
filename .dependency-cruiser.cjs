/** Imports run one way: db ← server ← worker; pages and command line take types, schemas and constants only. */
const testFile = "\\.(test|int\\.test|unit\\.test)\\.(ts|tsx)$";

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "db-stands-alone",
      severity: "error",
      from: { path: "^db/", pathNot: testFile },
      to: { path: "^(server|worker|app|cli)/", pathNot: "^server/[^/]+/(schema|definitions|constants)\\.ts$" },
    },
    { name: "server-knows-no-worker", severity: "error", from: { path: "^server/", pathNot: testFile }, to: { path: "^(worker|app|cli|e2e)/" } },
    { name: "worker-knows-no-pages", severity: "error", from: { path: "^worker/", pathNot: testFile }, to: { path: "^(app|cli|e2e)/" } },
    {
      name: "agent-stands-alone",
      comment: "It runs on every node: no database, no key, no package.",
      severity: "error",
      from: { path: "^worker/agent/", pathNot: testFile },
      to: { pathNot: "^worker/agent/", dependencyTypesNot: ["core"] },
    },
    {
      name: "no-sockets-in-web",
      comment: "The web process never touches the engine.",
      severity: "error",
      from: { path: "^(server|app|db)/" },
      to: { path: "node_modules/(dockerode|docker-modem|ssh2)/" },
    },
    {
      name: "pages-through-one-door",
      comment: "app/**/*.server.ts is the door to the server; other page files take schemas, shared constants and types.",
      severity: "error",
      from: { path: "^app/", pathNot: `\\.server\\.(ts|tsx)$|${testFile}` },
      to: { path: "^(server|worker|db)/", pathNot: "^server/.*(schema|definitions|constants|notation|strategy|attribute)\\.ts$" },
    },
    { name: "pages-know-no-worker", severity: "error", from: { path: "^app/" }, to: { path: "^(worker|cli|e2e)/" } },
    {
      name: "command-line-knows-types",
      severity: "error",
      from: { path: "^cli/", pathNot: testFile },
      to: { path: "^(server|worker|db|app)/", pathNot: "^server/.*(schema|definitions|constants|notation)\\.ts$" },
    },
    { name: "no-tests-in-programs", severity: "error", from: { path: "^(app|server|worker|db|cli)/", pathNot: testFile }, to: { path: "^e2e/|\\.test\\." } },
    { name: "nothing-unresolved", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "build/index\\.js$" } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(build|dist|public|node_modules/.*/node_modules)" },
    // Babel leaves out what is imported for its type alone; the installed TypeScript has no interface to ask.
    tsPreCompilationDeps: false,
    babelConfig: { fileName: ".dependency-cruiser.babel.json" },
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
    },
  },
};
