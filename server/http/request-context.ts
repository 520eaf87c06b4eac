import type { Request, Response } from "express";
import { identifySession } from "../accounts/service";
import { identifyToken } from "../accounts/tokens";
import type { Identity, Services } from "../context";
import { AppError } from "../errors";
import type { RequestContext } from "../trpc";

/** Who asks: a bearer token, else the session's cookie. A cookie counts only for requests of our own pages (CSRF). */
export async function requestContext(services: Services, req: Request, res: Response): Promise<RequestContext> {
  const isSecure = req.secure;
  const setCookie = (cookie: string) => void res.append("Set-Cookie", cookie);
  const base = { services, address: req.ip ?? "", isSecure, setCookie };
  return { ...base, identity: await identify(services, req, isSecure, setCookie) };
}

async function identify(services: Services, req: Request, isSecure: boolean, setCookie: (cookie: string) => void): Promise<Identity | null> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
  if (bearer) {
    const identity = await identifyToken(services, bearer);
    const wanted = req.header("x-dokploy-team");
    if (identity && wanted && wanted !== identity.team.teamId && wanted !== identity.team.teamName) {
      throw new AppError("not_allowed", { what: `This token belongs to the team ${identity.team.teamName}.`, fix: `Use a token of the team ${wanted}.` });
    }
    return identity;
  }
  if (!req.headers.cookie || !isSameOrigin(req)) return null;
  const found = await identifySession(services, req.headers.cookie, isSecure, req.header("x-dokploy-team"));
  if (found?.cookie) setCookie(found.cookie);
  return found?.identity ?? null;
}

/** Reads may come from anywhere (the cookie is SameSite=Lax); writes must say that they come from our own origin. */
function isSameOrigin(req: Request): boolean {
  if (req.method === "GET" || req.method === "HEAD") return true;
  const origin = req.headers.origin;
  if (origin !== undefined) return URL.canParse(origin) && new URL(origin).host === req.headers.host;
  return req.headers["sec-fetch-site"] === undefined || req.headers["sec-fetch-site"] === "same-origin";
}
