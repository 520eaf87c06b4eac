import { Form } from "@remix-run/react";
import type { ReactNode } from "react";
import { useRefused } from "~/lib/actions";
import { writeCanarySteps, writePlacement, writeVolumes } from "../../../server/apps/notation";
import type { App } from "../../../server/apps/schema";
import { Choice, Field, Fields } from "../ui/field";
import { Submit } from "../ui/submit";

type Own = { app: App };

/** One section of settings: a heading, its fields, one button. */
function Section({ title, said, section, children }: { title: string; said: string; section: string; children: ReactNode }) {
  const intent = `save-${section}`;
  const refused = useRefused(intent);
  return (
    <section className="sect">
      <div className="sect-head">
        <h2>{title}</h2>
        <span className="t2">{said}</span>
      </div>
      <Form method="post" className="form" preventScrollReset>
        <Fields refused={refused}>
          <input type="hidden" name="section" value={section} />
          {children}
          <p className="end">
            <Submit intent={intent} busy="Saving …">
              Save {title.toLowerCase()}
            </Submit>
          </p>
        </Fields>
      </Form>
    </section>
  );
}

export function SourceSettings({ app, credentials }: Own & { credentials: { name: string; host: string }[] }) {
  const { source, settings } = app;
  const options = [{ value: "", label: "none: it is public" }, ...credentials.map(({ name, host }) => ({ value: name, label: `${name} for ${host}` }))];
  return (
    <Section title="Source" said="what is deployed" section="source">
      {"image" in source ? (
        <Field name="image" label="Image" defaultValue={source.image} required spellCheck={false} />
      ) : (
        <>
          <Field name="git" label="Git URL" defaultValue={source.git} required spellCheck={false} />
          <div className="pair">
            <Field name="branch" label="Branch" defaultValue={source.branch} spellCheck={false} />
            <Field name="path" label="Folder" defaultValue={source.path} placeholder="the whole repository" spellCheck={false} />
          </div>
          <div className="pair">
            <Field
              name="dockerfile"
              label="Dockerfile"
              defaultValue={settings.dockerfile ?? ""}
              placeholder="Dockerfile, else found from the files"
              spellCheck={false}
            />
            <Field name="buildTarget" label="Build target" defaultValue={settings.buildTarget ?? ""} placeholder="the last stage" spellCheck={false} />
          </div>
        </>
      )}
      <Choice name="credential" label="Credential" defaultValue={settings.credential ?? ""} options={options} />
      {"git" in source ? (
        <Field
          name="watchPaths"
          label="Only for changes of"
          defaultValue={settings.watchPaths.join(", ")}
          placeholder="the whole repository"
          spellCheck={false}
          hint="Folders and files of a repository of several applications, with commas between. Other pushes are not deployed, and their commits do not count."
        />
      ) : null}
      {"git" in source ? (
        <label className="check">
          <input type="checkbox" name="autoDeploy" defaultChecked={settings.autoDeploy} />
          Deploy every push to the branch
        </label>
      ) : null}
    </Section>
  );
}

const STRATEGIES = [
  { value: "blue-green", label: "blue-green: beside what runs, then all at once" },
  { value: "canary", label: "canary: a share of the traffic first, compared with what runs" },
  { value: "rolling", label: "rolling: one task after another" },
  { value: "recreate", label: "recreate: what runs ends first; for volumes of one task" },
];

export function RunningSettings({ app }: Own) {
  const { settings } = app;
  return (
    <Section title="Running" said="how it is run and replaced" section="running">
      <div className="pair">
        <Field name="replicas" label="Replicas" type="number" min={1} max={100} defaultValue={app.replicas} hint="Takes effect at once." />
        <Field name="port" label="Port" inputMode="numeric" defaultValue={app.port ?? ""} placeholder="found from the image" />
        <Choice name="strategy" label="Strategy" defaultValue={app.strategy} options={STRATEGIES} />
      </div>
      <div className="pair">
        <Field
          name="canarySteps"
          label="Canary steps"
          defaultValue={writeCanarySteps(settings.canary.steps)}
          spellCheck={false}
          hint="Per cent of the traffic : seconds. Used by the strategy canary."
        />
        <Field
          name="volumes"
          label="Volumes"
          defaultValue={writeVolumes(settings.volumes)}
          placeholder="data:/var/lib/data"
          spellCheck={false}
          hint="name:/path, kept from release to release; name:/path:shared when several tasks may write it."
        />
        <Field name="bakeS" label="Watched after going live, s" type="number" min={0} max={3600} defaultValue={settings.bakeS} />
      </div>
      <div className="pair">
        <Field
          name="placement"
          label="Placement"
          defaultValue={writePlacement(settings.placement)}
          placeholder="any node"
          spellCheck={false}
          hint="node.labels.disk==ssd: runs only on nodes with that label. Several are set apart by commas, and all hold."
        />
        <Field
          name="maxReplicasPerNode"
          label="Replicas on one node"
          type="number"
          min={1}
          max={100}
          defaultValue={settings.maxReplicasPerNode ?? ""}
          placeholder="any number"
        />
      </div>
      <Field
        name="releaseCommand"
        label="Release command"
        defaultValue={settings.releaseCommand ?? ""}
        placeholder="npm run migrate"
        spellCheck={false}
        hint="Runs once in the new image before it takes traffic; when it fails, nothing changes."
      />
      <div className="pair">
        <Field name="stopGraceS" label="Time to stop, s" type="number" min={0} max={600} defaultValue={settings.stopGraceS} />
        <Field name="drainS" label="Time to drain, s" type="number" min={0} max={600} defaultValue={settings.drainS} />
        <Field name="retainedReleases" label="Releases kept" type="number" min={1} max={100} defaultValue={settings.retainedReleases} />
      </div>
    </Section>
  );
}

const KINDS = [
  { value: "http", label: "HTTP: a request is answered below 400" },
  { value: "tcp", label: "TCP: a connection is accepted" },
];

export function HealthSettings({ app }: Own) {
  const { health } = app;
  return (
    <Section title="Health" said="when a release may take traffic" section="health">
      <div className="pair">
        <Choice name="kind" label="Check" defaultValue={health.kind} options={KINDS} />
        <Field name="healthPath" label="Path" defaultValue={health.path} spellCheck={false} />
      </div>
      <div className="pair">
        <Field name="successes" label="Answers in a row" type="number" min={1} max={20} defaultValue={health.successes} />
        <Field name="timeoutS" label="Limit, s" type="number" min={1} max={900} defaultValue={health.timeoutS} />
        <Field name="intervalMs" label="Every, ms" type="number" min={20} max={10_000} defaultValue={health.intervalMs} />
        <Field name="startGraceS" label="Grace at start, s" type="number" min={0} max={600} defaultValue={health.startGraceS} />
      </div>
    </Section>
  );
}
