import type { BuildPlan } from "./plan";

/** What serves plain files: a few lines of Node, so that a static site needs no other base image. Written into the image. */
const STATIC_SERVER = [
  'const http=require("http"),fs=require("fs"),path=require("path"),root=process.argv[2];',
  'const types={html:"text/html; charset=utf-8",css:"text/css; charset=utf-8",js:"text/javascript; charset=utf-8",mjs:"text/javascript; charset=utf-8",json:"application/json",svg:"image/svg+xml",png:"image/png",jpg:"image/jpeg",jpeg:"image/jpeg",gif:"image/gif",webp:"image/webp",ico:"image/x-icon",woff2:"font/woff2",txt:"text/plain; charset=utf-8",xml:"application/xml",wasm:"application/wasm",map:"application/json"};',
  'const find=p=>{for(const f of [p,p+".html",path.join(p,"index.html")])try{const s=fs.statSync(f);if(s.isFile())return f}catch(e){if(e.code!=="ENOENT"&&e.code!=="ENOTDIR")throw e}return null};',
  'const server=http.createServer((q,r)=>{let u;try{u=decodeURIComponent(new URL(q.url,"http://x").pathname)}catch{r.writeHead(400).end();return}',
  'if(q.method!=="GET"&&q.method!=="HEAD"){r.writeHead(405).end();return}',
  'const p=path.join(root,path.normalize("/"+u.replace(/\\0/g,""))),f=find(p),m=f||find(path.join(root,"404.html"));',
  'if(!m){r.writeHead(404,{"content-type":"text/plain"}).end("Not found");return}',
  'r.writeHead(f?200:404,{"content-type":types[path.extname(m).slice(1)]||"application/octet-stream","content-length":fs.statSync(m).size});q.method==="HEAD"?r.end():fs.createReadStream(m).pipe(r)});',
  'server.listen(Number(process.env.PORT||3000),"0.0.0.0");process.on("SIGTERM",()=>server.close(()=>process.exit(0)));',
].join("");

const serveStatic = (root: string) => [
  `RUN printf '%s' '${Buffer.from(STATIC_SERVER).toString("base64")}' | base64 -d > /serve.cjs`,
  "EXPOSE 3000",
  `CMD ["node", "/serve.cjs", "${root}"]`,
];

/** The Dockerfile of a plan, with the words of a person: it can be copied into the repository and changed ("eject"). */
export function dockerfileOf(plan: Exclude<BuildPlan, { kind: "dockerfile" }>): string {
  return `${(plan.kind === "static" ? staticSite(plan.root) : nodeApp(plan)).join("\n")}\n`;
}

function staticSite(root: string): string[] {
  return [
    "# Serves the files of this folder.",
    "FROM node:20-slim",
    ...serveStatic("/site").slice(0, 1),
    `COPY ${JSON.stringify([root === "" ? "." : `${root}/`, "/site/"])}`,
    ...serveStatic("/site").slice(1),
  ];
}

function nodeApp(plan: Extract<BuildPlan, { kind: "node" }>): string[] {
  const install = {
    npm: plan.hasLockfile ? "npm ci" : "npm install",
    pnpm: `corepack enable && pnpm install${plan.hasLockfile ? " --frozen-lockfile" : ""}`,
    yarn: `corepack enable && yarn install${plan.hasLockfile ? " --immutable || yarn install --frozen-lockfile" : ""}`,
  }[plan.manager];
  const manifests = {
    npm: "package.json package-lock.json* npm-shrinkwrap.json* .npmrc*",
    pnpm: "package.json pnpm-lock.yaml* pnpm-workspace.yaml* .npmrc*",
    yarn: "package.json yarn.lock* .yarnrc*",
  }[plan.manager];
  return [
    `# Installs with ${plan.manager}${plan.build ? ", builds," : ""} and starts. Dependencies are a layer of their own: they are cached until they change.`,
    `FROM node:${plan.version}-slim`,
    "WORKDIR /app",
    `COPY ${manifests} ./`,
    `RUN ${install}`,
    "COPY . .",
    ...(plan.build ? [`RUN ${plan.build}`] : []),
    "ENV NODE_ENV=production",
    ...(plan.outputDirectory === null ? ["EXPOSE 3000", `CMD ${JSON.stringify(plan.start)}`] : serveStatic(`/app/${plan.outputDirectory}`)),
  ];
}
