import { z } from "zod";
import { nameSchema } from "../apps/schema";

export const createProjectSchema = z.object({ name: nameSchema });
export type ProjectView = {
  id: string;
  name: string;
  createdAt: string;
  environments: { id: string; name: string; tier: string; apps: number }[];
  apps: number;
};
