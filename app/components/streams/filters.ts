/** What the pages of value streams are asked for: the query of their address. An empty text is “all”. */
export type Filters = { project: string; app: string; environment: string; period: Period; from: string; to: string; tz: string };
export const PERIODS = ["7", "28", "90", "dates"] as const;
export type Period = (typeof PERIODS)[number];
export type NamedPlace = { project: string; app: string; environment: string };
export type Option = { value: string; label: string };

const DEFAULT_PERIOD: Period = "28";
const DEFAULT_ZONE = "UTC";

/** An application of another project than the chosen one was chosen before the project was: the project is meant. */
export function readFilters(params: URLSearchParams): Filters {
  const text = (name: string) => (params.get(name) ?? "").trim().slice(0, 100);
  const project = text("project");
  const app = text("app");
  const isElsewhere = project !== "" && app.includes("/") && !app.startsWith(`${project}/`);
  const [from, to] = [text("from"), text("to")];
  const period = PERIODS.find((one) => one === text("period")) ?? (from || to ? "dates" : DEFAULT_PERIOD);
  const isDates = period === "dates";
  return {
    project,
    app: isElsewhere ? "" : app,
    environment: text("environment"),
    period,
    from: isDates ? from : "",
    to: isDates ? to : "",
    tz: text("tz") || DEFAULT_ZONE,
  };
}

/** The query that asks for the same again, without what is so anyway. */
export function queryOf(filters: Filters, changed: Partial<Filters> = {}): string {
  const usual: Partial<Filters> = { period: DEFAULT_PERIOD, tz: DEFAULT_ZONE };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, ...changed })) if (value !== "" && value !== usual[name as keyof Filters]) query.set(name, value);
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** What can be chosen. What was asked for stays among it even if there is no such thing, so that the form says what the page is about. */
export function optionsOf(places: readonly NamedPlace[], { project, app, environment }: Filters): Record<"projects" | "apps" | "environments", Option[]> {
  const here = places.filter((place) => project === "" || place.project === project);
  const plain = (value: string): Option => ({ value, label: value });
  const apps = here.map((place) => ({ value: `${place.project}/${place.app}`, label: project === "" ? `${place.project}/${place.app}` : place.app }));
  return {
    projects: distinct(
      places.map((place) => plain(place.project)),
      project,
    ),
    apps: distinct(apps, app),
    environments: distinct(
      here.map((place) => plain(place.environment)),
      environment,
    ),
  };
}

function distinct(options: Option[], chosen: string): Option[] {
  const byValue = new Map(options.map((option) => [option.value, option]));
  if (chosen !== "" && !byValue.has(chosen)) byValue.set(chosen, { value: chosen, label: chosen });
  return [...byValue.values()].sort((a, b) => (a.label < b.label ? -1 : 1));
}
