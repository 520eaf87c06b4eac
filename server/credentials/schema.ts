import { z } from "zod";
import { hostSchema } from "../apps/schema";

export const createCredentialSchema = z
  .object({
    name: z
      .string()
      .trim()
      .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, "Use letters, digits, dots, hyphens and underscores."),
    host: hostSchema,
    username: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\s:\u0000-\u001f]+$/)
      .optional(),
    token: z
      .string()
      .min(1)
      .max(10_000)
      .regex(/^[^\s\u0000-\u001f]+$/, "A token has no spaces or line breaks.")
      .optional(),
    sshKey: z
      .string()
      .max(20_000)
      .regex(/^-----BEGIN [A-Z ]*PRIVATE KEY-----/, "Paste a private key in PEM or OpenSSH form.")
      .optional(),
    generateSshKey: z.boolean().optional(),
  })
  .refine((one) => [one.token !== undefined, one.sshKey !== undefined, one.generateSshKey === true].filter(Boolean).length === 1, {
    message: "Give one of a token, an SSH key, or ask for one to be generated.",
    path: ["token"],
  });
export type CreateCredential = z.infer<typeof createCredentialSchema>;
export type CredentialView = {
  id: string;
  name: string;
  kind: "https" | "ssh";
  host: string;
  username: string | null;
  publicKey: string | null;
  createdAt: string;
};
