// The workspace: its name, its time zone, how long it keeps history, and leaving it.
import { useState } from "react";
import { confirm } from "../../components/confirm.tsx";
import { showToast } from "../../components/toast.ts";
import { useWrite } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { useMe } from "../../data/me.tsx";
import { forgetToken } from "../../data/session.ts";
import { TextField } from "../../forms/field.tsx";
import { WriteForm } from "../../forms/write-form.tsx";

export function WorkspaceSection() {
  const { role, session } = useMe();
  const { items } = useList("listWorkspaces", { query: { limit: 100 } });
  const current = items.find((each) => each.is_current)?.workspace;
  return (
    <>
      {role === "owner" ? <WorkspaceForm /> : <WorkspaceFacts />}
      {role === "owner" && current !== undefined && (
        <HistoryForm key={current.history_days} days={current.history_days} />
      )}
      {session !== null && <LeaveCard />}
    </>
  );
}

function WorkspaceFacts() {
  const { workspace } = useMe();
  return (
    <dl className="facts card">
      <dt>Name</dt>
      <dd dir="auto">{workspace.name}</dd>
      <dt>Time zone</dt>
      <dd>{workspace.timezone}</dd>
    </dl>
  );
}

const zones = Intl.supportedValuesOf("timeZone");

function WorkspaceForm() {
  const { workspace } = useMe();
  const [values, setValues] = useState({ name: workspace.name, timezone: workspace.timezone });
  const save = useWrite("updateWorkspace", {
    ...{ stales: ["getMe", "listWorkspaces"], showsError: true },
    onDone: () => showToast({ text: "Saved the workspace.", tone: "good" }),
  });
  const isSame = values.name === workspace.name && values.timezone === workspace.timezone;
  return (
    <WriteForm
      write={save}
      shown={["name", "timezone"]}
      button="Save"
      isOff={isSame}
      onSubmit={() => save.mutate({ body: values })}
    >
      {(errors) => (
        <>
          <TextField
            {...{ label: "Name", value: values.name, error: errors.name }}
            onChange={(name) => setValues({ ...values, name })}
          />
          <TextField
            {...{
              label: "Time zone",
              value: values.timezone,
              error: errors.timezone,
              list: "zones",
            }}
            help="In which times are shown to everybody here. An IANA name, such as Europe/Berlin."
            onChange={(timezone) => setValues({ ...values, timezone })}
          />
          <datalist id="zones">
            {zones.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      )}
    </WriteForm>
  );
}

function HistoryForm({ days }: { days: number | null }) {
  const before = days === null ? "" : String(days);
  const [typed, setTyped] = useState(before);
  const save = useWrite("updateWorkspace", {
    ...{ stales: ["listWorkspaces"], showsError: true },
    onDone: () => showToast({ text: "Saved how long history is kept.", tone: "good" }),
  });
  const ask = async () => {
    const isSure = await confirm({
      title: "Change how long history is kept?",
      text: "What is older than a shorter time is deleted within the hour, for good.",
      button: "Change it",
    });
    if (isSure) save.mutate({ body: { history_days: typed === "" ? null : Number(typed) } });
  };
  return (
    <WriteForm
      title="History"
      write={save}
      shown={["history_days"]}
      button="Save"
      isOff={typed === before}
      onSubmit={() => void ask()}
    >
      {(errors) => (
        <>
          <TextField
            {...{ label: "Days", value: typed, error: errors.history_days, isOptional: true }}
            {...{ type: "number", onChange: setTyped }}
            help="How long ended executions and deliveries are kept. Empty: as installed."
          />
        </>
      )}
    </WriteForm>
  );
}

function LeaveCard() {
  const { workspace } = useMe();
  const leave = useWrite("leaveWorkspace", { onDone: forgetToken });
  const ask = async () => {
    const isSure = await confirm({
      title: `Leave ${workspace.name}?`,
      text: "Your sign-ins and API tokens in it end. Only an invitation brings you back.",
      button: "Leave the workspace",
    });
    if (isSure) leave.mutate(undefined);
  };
  return (
    <section className="card">
      <h2>Leave</h2>
      <p className="faint">The last owner cannot leave: hand the workspace over first.</p>
      <div className="actions">
        <button
          {...{ type: "button", className: "danger", disabled: leave.isPending }}
          onClick={() => void ask()}
        >
          Leave the workspace
        </button>
      </div>
    </section>
  );
}
