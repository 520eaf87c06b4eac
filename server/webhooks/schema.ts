/** A Git host's call as it was answered (`status` 0: not yet). */
export type DeliveryView = {
  id: string;
  provider: string;
  event: string | null;
  status: number;
  answer: Record<string, unknown>;
  /** Why it deployed nothing; null when it did. */
  reason: string | null;
  deployment: string | null;
  deploymentNumber: number | null;
  receivedAt: string;
};
/** `body` is null when it was too large to be stored. */
export type DeliveryWithBody = DeliveryView & { body: string | null };
