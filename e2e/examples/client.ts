/** Lists every application with its status: `DOKPLOY_URL=… DOKPLOY_TOKEN=… npx tsx e2e/examples/client.ts` */
import { createClient } from "dokploy";

const dokploy = createClient({ url: process.env.DOKPLOY_URL ?? "http://127.0.0.1:3000", token: process.env.DOKPLOY_TOKEN });

const { items } = await dokploy.apps.list.query();
for (const app of items) console.log(`${app.project}/${app.name}\t${app.status}\t${app.url}`);
