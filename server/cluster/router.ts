import { z } from "zod";
import { flag } from "../inputs";
import { administersInstallation, router } from "../trpc";
import { nodeReferenceSchema, nodeRoleSchema, setLabelsSchema } from "./schema";
import { activateNode, drainNode, joinToken, listNodes, removeNode, setNodeBuilds, setNodeLabels, setNodeRole } from "./service";

const node = z.object({ node: nodeReferenceSchema });

/** Machines belong to the installation: whoever is not its administrator is refused before anything is looked up. */
export const nodesRouter = router({
  list: administersInstallation
    .meta({ rest: { method: "GET", path: "/nodes", summary: "List the machines of the cluster" } })
    .query(({ ctx }) => listNodes(ctx)),
  joinToken: administersInstallation
    .meta({ rest: { method: "POST", path: "/nodes/join-token", summary: "The command by which a machine joins; it is shown once" } })
    .input(z.object({ role: nodeRoleSchema.default("worker"), rotate: z.boolean().default(false) }).prefault({}))
    .mutation(({ ctx, input }) => joinToken(ctx, input)),
  setLabels: administersInstallation
    .meta({ rest: { method: "PATCH", path: "/nodes/{node}/labels", summary: "Set and remove a node's labels" } })
    .input(node.extend(setLabelsSchema.shape))
    .mutation(({ ctx, input }) => setNodeLabels(ctx, input.node, input)),
  setRole: administersInstallation
    .meta({ rest: { method: "POST", path: "/nodes/{node}/role", summary: "Promote a node to manager, or demote it" } })
    .input(node.extend({ role: nodeRoleSchema }))
    .mutation(({ ctx, input }) => setNodeRole(ctx, input.node, input.role)),
  setBuilds: administersInstallation
    .meta({ rest: { method: "POST", path: "/nodes/{node}/builds", summary: "Whether images are built on a node" } })
    .input(node.extend({ builds: flag }))
    .mutation(({ ctx, input }) => setNodeBuilds(ctx, input.node, input.builds)),
  drain: administersInstallation
    .meta({ rest: { method: "POST", path: "/nodes/{node}/drain", summary: "Move what runs on a node to others, then keep it empty" } })
    .input(node.extend({ wait: flag.default(true) }))
    .mutation(({ ctx, input }) => drainNode(ctx, input.node, input.wait)),
  activate: administersInstallation
    .meta({ rest: { method: "POST", path: "/nodes/{node}/activate", summary: "Let a node take work again" } })
    .input(node)
    .mutation(({ ctx, input }) => activateNode(ctx, input.node)),
  remove: administersInstallation
    .meta({ rest: { method: "DELETE", path: "/nodes/{node}", summary: "Take a drained or dead node out of the cluster" } })
    .input(node)
    .mutation(({ ctx, input }) => removeNode(ctx, input.node)),
});
