import { expectWords } from "../arguments";
import type { Commands } from "../command";
import { EXIT } from "../errors";

export const projectCommands: Commands = {
  "project create": {
    usage: "project create NAME",
    summary: "Create a project",
    async run({ client, out, positionals }) {
      const [name = ""] = expectWords(positionals, ["NAME"], "project create NAME");
      const project = await client.projects.create.mutate({ name });
      out.document(project);
      out.line(`Created the project ${project.name}.`);
      return EXIT.done;
    },
  },
  "project list": {
    usage: "project list",
    summary: "List projects",
    async run({ client, out, positionals }) {
      expectWords(positionals, [], "project list");
      const page = await client.projects.list.query({ limit: 200 });
      out.document(page);
      out.table(
        ["NAME", "APPLICATIONS", "ENVIRONMENTS"],
        page.items.map((one) => [one.name, String(one.apps), one.environments.map((place) => place.name).join(", ")]),
      );
      return EXIT.done;
    },
  },
  "project delete": {
    usage: "project delete NAME",
    summary: "Delete a project and its applications; the ledger stays",
    async run({ client, out, positionals }) {
      const [project = ""] = expectWords(positionals, ["NAME"], "project delete NAME");
      const gone = await client.projects.delete.mutate({ project });
      out.document(gone);
      out.line(`Deleted the project ${gone.name}.`);
      return EXIT.done;
    },
  },
};
