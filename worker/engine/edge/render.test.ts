import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { cookieMatchSchema, headerMatchSchema } from "../../../server/traffic/schema";
import type { EdgeApp, EdgeSplit } from "../../ports";
import { checkRoute, readMark, readSlotTarget, renderApp, renderBase, routeRule } from "./render";
import { matchRule } from "./split";

const SECRET = "abcdefghijklmnop";
const app = (more: Partial<EdgeApp> = {}): EdgeApp => ({
  appId: "a1",
  generation: "7.2",
  epoch: 2,
  routes: [
    { host: "shop.example.com", path: "/" },
    { host: "shop.example.com", path: "/api/" },
  ],
  slots: { a: { service: "s-0a", port: 3000, weight: 90 }, b: { service: "s-0b", port: 3001, weight: 10 } },
  split: null,
  unavailable: null,
  ...more,
});
const render = (value: EdgeApp, hasPages = true) => renderApp(value, { probeSecret: SECRET, hasPages });
type Rendered = {
  http: {
    routers: Record<string, { rule: string; service: string; priority: number; middlewares?: string[]; entryPoints: string[] }>;
    services: Record<string, { weighted?: { services: object[] } }>;
    middlewares: Record<string, object>;
  };
};
const read = (text: string) => parse(text) as Rendered;

describe("an application's file", () => {
  it("is the same each time", () => {
    expect(render(app())).toMatchSnapshot();
    expect(render(app({ unavailable: "stopped" }))).toMatchSnapshot();
    expect(render(app({ unavailable: "stopped" }), false)).toMatchSnapshot();
  });

  it("leaves a slot of weight 0 out of the public service and keeps its probe", () => {
    const { services, routers } = read(render(app({ slots: { a: { service: "x", port: 80, weight: 0 }, b: { service: "y", port: 80, weight: 1 } } }))).http;
    expect(services["app-a1"]?.weighted?.services).toEqual([{ name: "app-a1-b", weight: 1 }]);
    expect(routers["probe-a1-a"]?.service).toBe("app-a1-a");
  });

  it("demands the secret on every router of the internal entry point, and reveals no generation on the public one", () => {
    const { routers } = read(render(app())).http;
    for (const router of Object.values(routers)) {
      const isProbe = router.entryPoints.includes("probe");
      expect(router.rule.includes(SECRET)).toBe(isProbe);
      if (!isProbe) expect(router.middlewares ?? []).not.toContain("generation-a1");
    }
  });

  it("shows a page where nothing can answer", () => {
    const { routers, middlewares } = read(render(app({ unavailable: "never_deployed" }))).http;
    expect(routers["app-a1-0"]).toMatchObject({ service: "dokploy-pages@file", middlewares: ["page-a1"] });
    expect(middlewares["page-a1"]).toEqual({ replacePath: { path: "/edge-pages/503/never_deployed" } });
  });

  it("tells its epoch, generation and slots back", () => {
    const text = render(app());
    expect(readMark(text)).toEqual({ epoch: 2, generation: "7.2" });
    expect(readSlotTarget(text, "a1", "b")).toEqual({ service: "s-0b", port: 3001 });
    expect(readMark("http: {}")).toBeNull();
  });

  it("takes a path with what lies below it, and no longer word", () => {
    expect(routeRule({ host: "a.b", path: "/shop/" })).toBe("Host(`a.b`) && (Path(`/shop`) || PathPrefix(`/shop/`))");
    expect(routeRule({ host: "a.b", path: "/" })).toBe("Host(`a.b`)");
  });
});

describe("hostile values", () => {
  const hostile = ["`) || Host(`evil`", "a b", "a\n", "{{ env }}", "-a.b", "a..b", "A.b", "a.b:80", "é.b", "", "*.a.b"];
  it.each(hostile)("refuses the host %j", (host) => expect(() => checkRoute({ host, path: "/" })).toThrow(TypeError));
  it.each(["", "a", "/`", "/{{.}}", "/a b", "/a\n", "//x", "/../x", "/%zz", '/"', "/\\"])("refuses the path %j", (path) =>
    expect(() => checkRoute({ host: "a.b", path })).toThrow(TypeError),
  );

  it("either throws or keeps its shape, whatever the values are", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string(), fc.constantFrom(...hostile));
    fc.assert(
      fc.property(text, text, text, text, (host, path, service, generation) => {
        let rendered: string;
        try {
          rendered = render(
            app({ generation, routes: [{ host, path }], slots: { a: { service, port: 1, weight: 1 }, b: { service: "y", port: 2, weight: 0 } } }),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          return;
        }
        expect(rendered).not.toContain("{{");
        const { routers } = read(rendered).http;
        expect(Object.keys(routers).sort()).toEqual(["app-a1-0", "generation-a1", "probe-a1-a", "probe-a1-b"]);
        expect(routers["app-a1-0"]?.rule.startsWith(`Host(\`${host}\`)`)).toBe(true);
        expect((routers["app-a1-0"]?.rule.match(/`/g) ?? []).length).toBe(routers["app-a1-0"]?.rule.includes("Path(") ? 6 : 2);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    { appId: "../x" },
    { epoch: -1 },
    { slots: { a: { service: "a", port: 0, weight: 1 }, b: { service: "b", port: 1, weight: 1 } } },
    { slots: { a: { service: "a", port: 1, weight: 1.5 }, b: { service: "b", port: 1, weight: 1 } } },
  ])("refuses %j", (more) => expect(() => render(app(more))).toThrow(TypeError));
});

describe("a split", () => {
  const split = (more: Partial<EdgeSplit> = {}): EdgeSplit => ({
    id: "s1",
    kind: "split",
    slot: "b",
    weight: 10,
    header: null,
    cookie: null,
    sticky: false,
    ...more,
  });
  const header = { name: "X-Trial", value: "yes, please" };
  const cookie = { name: "trial", value: "a.b+c" };

  it("is the same each time", () => {
    expect(render(app({ split: split({ header, cookie, sticky: true }) }))).toMatchSnapshot();
    expect(render(app({ split: split({ kind: "mirror", weight: 40 }) }))).toMatchSnapshot();
  });

  it("sends what matches to its slot, on each route, ahead of that route's weights and behind longer paths", () => {
    const { routers } = read(render(app({ split: split({ header }) }))).http;
    expect(routers["app-a1-1-trial"]).toMatchObject({ service: "app-a1-b", middlewares: ["dokploy-failing@file", "dokploy-retry@file"] });
    expect(routers["app-a1-1-trial"]?.rule).toBe(`${routers["app-a1-1"]?.rule} && (Header(\`X-Trial\`, \`yes, please\`))`);
    const priorities = ["app-a1-0", "app-a1-0-trial", "app-a1-1", "app-a1-1-trial"].map((name) => routers[name]?.priority ?? 0);
    expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
    expect(new Set(priorities).size).toBe(4);
  });

  it("finds one cookie among others, whole, and takes its value for no pattern", () => {
    const pattern = /HeaderRegexp\(`Cookie`, `(.*)`\)/.exec(matchRule(split({ cookie })) ?? "")?.[1] ?? "";
    const matches = (field: string) => new RegExp(pattern).test(field);
    for (const field of ["trial=a.b+c", "x=1; trial=a.b+c", "trial=a.b+c; y=2", "x=1; trial=a.b+c; y=2"]) expect(matches(field), field).toBe(true);
    for (const field of ["trial=aXb+c", "trial=a.bbc", "trial=a.b+cd", "mytrial=a.b+c", "x=trial=a.b+c", ""]) expect(matches(field), field).toBe(false);
  });

  it("shows the page, and no router of its own, where nothing runs", () => {
    expect(Object.keys(read(render(app({ unavailable: "stopped", split: split({ header }) }))).http.routers)).not.toContain("app-a1-0-trial");
  });

  it("either throws or keeps its shape, whatever the match is", () => {
    const hostile = fc.constantFrom("`) || Host(`evil`", "a`b", "{{ env }}", "(?:.*)", ".*", "a\nb", "a|b", "a;b", "\\Q", "a$", "^", "[a]", '"', "é", "");
    const plain = fc.string({ unit: fc.constantFrom(..."aZ09-._~:/@+=, ") });
    const text = fc.oneof(hostile, plain, fc.string({ unit: "binary" }), fc.string());
    fc.assert(
      fc.property(text, text, text, text, (name, value, crumb, content) => {
        const wish = split({ header: { name, value }, cookie: { name: crumb, value: content } });
        const isAllowed = headerMatchSchema.safeParse(wish.header).success && cookieMatchSchema.safeParse(wish.cookie).success;
        let rendered: string;
        try {
          rendered = render(app({ split: wish }));
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          expect(isAllowed).toBe(false);
          return;
        }
        expect(rendered).not.toContain("{{");
        const { routers } = read(rendered).http;
        expect(
          Object.keys(routers)
            .filter((key) => key.startsWith("app-"))
            .sort(),
        ).toEqual(["app-a1-0", "app-a1-0-trial", "app-a1-1", "app-a1-1-trial"]);
        const { rule } = routers["app-a1-0-trial"] ?? { rule: "" };
        expect(rule.startsWith(`Host(\`shop.example.com\`) && (Header(\`${name}\`, \`${value}\`) || HeaderRegexp(\`Cookie\`, \`(^|; ?)${crumb}=`)).toBe(true);
        expect(rule.endsWith("(;|$)`))")).toBe(true);
        expect((rule.match(/`/g) ?? []).length).toBe(10);
        const pattern = new RegExp(/`Cookie`, `(.*)`\)\)$/.exec(rule)?.[1] ?? "(");
        expect(pattern.test(`x=1; ${crumb}=${content}; y=2`)).toBe(true);
        expect(pattern.test(`${crumb}=${content}x`)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([{ weight: 101 }, { weight: 1.5 }, { id: "A`" }, { header: { name: "Cookie`", value: "x" } }, { cookie: { name: "a", value: "b;c" } }])(
    "refuses %j",
    (more) => expect(() => render(app({ split: split(more as Partial<EdgeSplit>) }))).toThrow(TypeError),
  );

  it.each(["Host", "cookie", "X-Forwarded-For", "x-dokploy-slot", "Connection"])("the field %s is no match for people", (name) =>
    expect(headerMatchSchema.safeParse({ name, value: "x" }).success).toBe(false),
  );
});

describe("the shared file", () => {
  it("is the same each time", () => {
    expect(renderBase({ probeSecret: SECRET, pagesUrl: "http://dokploy-host:3000" })).toMatchSnapshot();
    expect(renderBase({ probeSecret: SECRET, pagesUrl: null })).toMatchSnapshot();
  });
  it("refuses a weak secret and an address that is none", () => {
    expect(() => renderBase({ probeSecret: "short", pagesUrl: null })).toThrow(TypeError);
    expect(() => renderBase({ probeSecret: SECRET, pagesUrl: "http://a/`" })).toThrow(TypeError);
  });
});
