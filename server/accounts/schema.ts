import { z } from "zod";

export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .regex(/^[^\s@]+@[^\s@]+$/, "This is not an e-mail address.");
export const signInSchema = z.object({ email: emailSchema, password: z.string().min(1, "Enter the password.").max(1000) });

export const SCOPES = ["read", "write", "admin", "*"] as const;
export const createTokenSchema = z.object({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).min(1).default(["*"]),
  /** `30d`, `12h`; without it the token does not expire. */
  expires: z
    .string()
    .regex(/^\d{1,5}[smhdw]$/, "Write a duration such as 30d, 12h or 45m.")
    .optional(),
});
export type TokenView = { id: string; name: string; scopes: string[]; createdAt: string; expiresAt: string | null; lastUsedAt: string | null };
