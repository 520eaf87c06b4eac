import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const GIT_ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.test",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.test",
};
const git = (directory: string, ...args: string[]) =>
  execFileSync("git", args, { cwd: directory, env: GIT_ENV, stdio: ["ignore", "pipe", "pipe"] })
    .toString()
    .trim();

export type TestRepository = {
  url: string;
  /** Null removes a file. */
  commit(files: Record<string, string | null>, message?: string): string;
  /** Commits a symbolic link. */
  link(name: string, target: string): string;
  /** Commits what `write` puts into the working tree. */
  fill(write: (folder: string) => void): string;
  head(): string;
};

/** A real Git server over HTTP (`git http-backend`), with repositories of its own. @param options.host where it listens, the loopback address unless given */
export async function startGitServer(options: { username?: string; password?: string; host?: string } = {}) {
  const host = options.host ?? "127.0.0.1";
  const root = mkdtempSync(path.join(tmpdir(), "git-server-"));
  const wanted = options.password ? `Basic ${Buffer.from(`${options.username}:${options.password}`).toString("base64")}` : null;
  const server = http.createServer((request, response) => {
    if (wanted && request.headers.authorization !== wanted) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    serveBackend(root, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host,
    port,
    repository(name: string, files: Record<string, string>): TestRepository {
      const bare = path.join(root, `${name}.git`);
      const work = path.join(root, `${name}-work`);
      mkdirSync(work, { recursive: true });
      git(root, "init", "-q", "--bare", "-b", "main", bare);
      git(work, "init", "-q", "-b", "main");
      git(work, "remote", "add", "origin", bare);
      const push = (message: string) => {
        git(work, "add", "-A");
        git(work, "commit", "-q", "--allow-empty", "-m", message);
        git(work, "push", "-q", "origin", "HEAD:main");
        return git(work, "rev-parse", "HEAD");
      };
      const repository: TestRepository = {
        url: `http://${host}:${port}/${name}.git`,
        commit(changes, message = "A change") {
          for (const [file, text] of Object.entries(changes)) {
            const place = path.join(work, file);
            mkdirSync(path.dirname(place), { recursive: true });
            if (text === null) rmSync(place);
            else writeFileSync(place, text);
          }
          return push(message);
        },
        link(name, target) {
          symlinkSync(target, path.join(work, name));
          return push(`Link ${name}`);
        },
        fill(write) {
          write(work);
          return push("Many files");
        },
        head: () => git(work, "rev-parse", "HEAD"),
      };
      if (Object.keys(files).length > 0) repository.commit(files, "First");
      return repository;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** CGI, as `git help http-backend` describes it. */
function serveBackend(root: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://x");
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...GIT_ENV,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: request.headers["content-length"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      REMOTE_ADDR: "127.0.0.1",
    },
  });
  request.pipe(backend.stdin);
  let head = Buffer.alloc(0);
  let isOpen = false;
  backend.stdout.on("data", (part: Buffer) => {
    if (isOpen) {
      response.write(part);
      return;
    }
    head = Buffer.concat([head, part]);
    const end = head.indexOf("\r\n\r\n");
    if (end === -1) return;
    isOpen = true;
    const headers = Object.fromEntries(
      head
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    const { Status: status, ...rest } = headers;
    response.writeHead(Number.parseInt(status ?? "200", 10), rest);
    response.write(head.subarray(end + 4));
  });
  backend.stdout.on("end", () => response.end());
}

/** A small server whose behaviour is in its own lines. */
export const SERVER = (answer: string, extra = "") => `const http = require("node:http");
${extra}
const server = http.createServer((q, r) => r.end(${JSON.stringify(answer)} + " " + (process.env.MODE || "")));
server.listen(process.env.PORT, "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;
export const DOCKERFILE = 'FROM node:20-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n';
export const serverFiles = (answer: string, extra = ""): Record<string, string> => ({ Dockerfile: DOCKERFILE, "server.js": SERVER(answer, extra) });
