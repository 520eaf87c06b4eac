import { Form } from "@remix-run/react";
import type { Offers } from "../../../server/deployments/offers";
import type { DeploymentWithSpans } from "../../../server/deployments/schema";
import { Asked } from "../ui/asked";
import { Icon } from "../ui/icon";
import { Submit } from "../ui/submit";

/** What can be done about the deployment. What ends a run or moves traffic is asked once more, also without JavaScript. */
export function Actions({ run, offers }: { run: DeploymentWithSpans; offers: Offers }) {
  const same =
    run.kind === "rollback" || run.kind === "promote"
      ? "release"
      : run.kind === "config"
        ? "configuration"
        : run.commit || run.ref?.kind === "sha"
          ? "commit"
          : run.ref?.kind;
  return (
    <div className="actions">
      {offers.retry ? (
        <Form method="post">
          <Submit intent="retry" busy="Retrying …" title={same ? `Deploy the same ${same} again` : undefined}>
            <Icon name="deploy" />
            Retry
          </Submit>
        </Form>
      ) : null}
      {offers.rollBackTo === null ? null : (
        <Asked
          intent="rollback"
          busy="Rolling back …"
          label={offers.isLive ? "Roll back" : `Roll back to ${offers.rollBackTo}`}
          question={`Roll ${run.app} back to release ${offers.rollBackTo}?`}
          consequence={consequenceOf(run, offers.isLive, offers.rollBackTo)}
        >
          <input type="hidden" name="to" value={offers.rollBackTo} />
          <Submit intent="rollback" className="btn btn-danger-solid" busy="Rolling back …">
            Roll back to {offers.rollBackTo}
          </Submit>
        </Asked>
      )}
      {offers.cancel ? (
        <Asked
          intent="cancel"
          busy="Cancelling …"
          className="btn btn-danger"
          label="Cancel"
          question={`Cancel deployment #${run.number}?`}
          consequence={run.startedAt === null ? "It has not begun. Nothing changes." : "What it did so far is thrown away. What is live stays live."}
        >
          <Submit intent="cancel" className="btn btn-danger-solid" busy="Cancelling …">
            Cancel deployment
          </Submit>
        </Asked>
      ) : null}
    </div>
  );
}

/** A rollback marks the release that had replaced the restored one; one that was itself a rollback is not marked. */
function consequenceOf(run: DeploymentWithSpans, isLive: boolean, to: number): string {
  if (!isLive) return `What is live takes traffic until release ${to} is healthy. The release that replaced ${to} then counts as failed.`;
  return `Release ${run.release} takes traffic until release ${to} is healthy.${run.kind === "rollback" ? "" : " It then counts as failed."}`;
}
