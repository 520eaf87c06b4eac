const http = require("node:http");

const VERSION = "1";
const commit = (process.env.DOKPLOY_COMMIT || "").slice(0, 12) || "unknown";
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Hello from Dokploy</title>
<style>
  :root { color-scheme: light dark }
  body { margin: 0; min-height: 100vh; display: grid; place-content: center; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#f7f7f4, #14171a); color: light-dark(#14171a, #e8e9e6) }
  main { padding: 24px; max-width: 44ch }
  h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px }
  code { font: 14px/1.5 ui-monospace, monospace }
</style>
<main>
  <h1>Hello from Dokploy</h1>
  <p>This page was built from a commit, released, and put at this address. Push another commit to change it.</p>
  <p><code>version ${VERSION} · commit ${commit}</code></p>
</main>
</html>
`;

const server = http.createServer((request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : page);
  console.log(`${request.method} ${request.url}`);
});
const port = Number(process.env.PORT) || 3000;
server.listen(port, () => console.log(`listening on port ${port}`));

// Requests that are under way are answered before the process ends.
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
