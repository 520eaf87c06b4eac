/** What the last mutation did, for the page that follows it. */
export type Flash = { id: string; text: string; link?: { label: string; to: string } };

export const FLASH_COOKIE = "dokploy_said";
