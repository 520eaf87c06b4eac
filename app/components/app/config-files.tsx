import { Form, Link } from "@remix-run/react";
import { useId } from "react";
import { useRefused } from "~/lib/actions";
import type { FileView } from "../../../server/files/schema";
import { counted } from "../time/format";
import { size } from "../time/size";
import { Field, Fields, Wrong } from "../ui/field";
import { ProblemCard } from "../ui/problem";
import { acts, type Column, Records } from "../ui/records";
import { Submit } from "../ui/submit";
import { Ago } from "../ui/time";

/** A file whose content somebody asked to see. */
export type OpenFile = FileView & { content: string };
type Row = FileView & { id: string };

const COLUMNS: Column<Row>[] = [
  { head: "Path in the container", className: "wrap-cell full", cell: ({ path }) => <code>{path}</code> },
  { head: "Size", cell: ({ sizeBytes, isText }) => `${size(sizeBytes)}${isText ? "" : ", binary"}` },
  {
    head: "Mode, owner",
    className: "t2",
    isNamedOnPhone: true,
    cell: ({ mode, uid, gid }) => (
      <span className="mono">
        {mode} {uid}:{gid}
      </span>
    ),
  },
  { head: "Set", className: "t3", cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
  acts(({ path, isText }) => (
    <Form method="post" preventScrollReset>
      <input type="hidden" name="path" value={path} />
      <input type="hidden" name="deploy" value="on" />
      {isText ? (
        <Link className="btn btn-small" to={`?file=${encodeURIComponent(path)}#file`}>
          Edit<span className="sr"> {path}</span>
        </Link>
      ) : null}
      <Submit intent="file-remove" className="btn btn-small btn-danger">
        Remove<span className="sr"> {path}</span>
      </Submit>
    </Form>
  )),
];

/** Files that are put into the containers: each change is a deployment, and a rollback brings the content back. */
export function ConfigFiles({ files, open }: { files: FileView[]; open: OpenFile | null }) {
  const notRemoved = useRefused("file-remove");
  const version = files.map((one) => `${one.path} ${one.updatedAt}`).join(" ");
  return (
    <section className="sect" id="file">
      <div className="sect-head">
        <h2>Config files</h2>
        <span className="t2">{counted(files.length, "file")}, put into the containers; a rollback brings their content back</span>
      </div>
      {notRemoved ? <ProblemCard problem={notRemoved.problem} /> : null}
      <Records
        caption="Config files"
        items={files.map((one) => ({ ...one, id: one.path }))}
        columns={COLUMNS}
        empty="For what an application reads from a file, such as /etc/app/settings.yml. The content is stored encrypted and needs no new image."
      />
      <FileForm open={open} key={version + (open?.path ?? "")} />
    </section>
  );
}

function FileForm({ open }: { open: OpenFile | null }) {
  const refused = useRefused("file-set");
  const id = useId();
  const wrong = refused?.problem.fields["set.0.content"];
  return (
    <Form method="post" className="form file-form" preventScrollReset>
      <Fields refused={refused}>
        <div className="pair">
          <Field
            name="path"
            label="Path in the container"
            wrong={refused?.problem.fields["set.0.path"]}
            defaultValue={open?.path ?? ""}
            placeholder="/etc/app/settings.yml"
            required
            spellCheck={false}
            autoComplete="off"
          />
          <Field
            name="mode"
            label="Mode"
            wrong={refused?.problem.fields["set.0.mode"]}
            defaultValue={open?.mode ?? ""}
            placeholder="0444"
            spellCheck={false}
            autoComplete="off"
          />
          <Field
            name="uid"
            label="Owner’s number"
            type="number"
            min={0}
            max={65_534}
            wrong={refused?.problem.fields["set.0.uid"]}
            defaultValue={open?.uid ?? ""}
            placeholder="0"
          />
        </div>
        <div className="field">
          <label htmlFor={id}>Content</label>
          <textarea
            className="input"
            id={id}
            name="text"
            rows={Math.min(24, Math.max(8, (open?.content.split("\n").length ?? 0) + 2))}
            defaultValue={open?.content ?? ""}
            spellCheck={false}
            aria-invalid={wrong ? true : undefined}
            aria-describedby={`${id}-hint`}
          />
          <span className="hint" id={`${id}-hint`}>
            Text of up to 500 KB; other content by <code>dokploy file set</code>. A path that is there already gets the new content.
          </span>
          <Wrong text={wrong} />
        </div>
        <div className="end">
          <label className="check">
            <input type="checkbox" name="deploy" defaultChecked />
            Deploy the change
          </label>
          <Submit intent="file-set" busy="Storing …">
            Store file
          </Submit>
          {open ? (
            <Link className="btn btn-quiet" to="?">
              Close {open.path}
            </Link>
          ) : null}
        </div>
      </Fields>
    </Form>
  );
}
