// Invites somebody. Where this installation sends no mail, the link is handed over by hand.
import { ApiError, type MemberRole, memberRoles } from "@trigrun/contract";
import { useState } from "react";
import { ErrorNote } from "../../components/error-note.tsx";
import { showToast } from "../../components/toast.ts";
import { useWrite } from "../../data/api.tsx";
import { Labelled, TextField } from "../../forms/field.tsx";
import { toErrors } from "../../forms/schema-fields.ts";
import { ShownOnce } from "./shown-once.tsx";

export function InviteForm() {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<MemberRole>("member");
  const [link, setLink] = useState<string | null>(null);
  const invite = useWrite("inviteMember", {
    ...{ stales: ["listInvitations"], showsError: true },
    onDone: (made) => {
      setLink(made.url);
      if (made.url === null) showToast({ text: `A link went to ${made.email}.`, tone: "good" });
      setEmail("");
      invite.reset();
    },
  });
  const { error } = invite;
  const errors = error instanceof ApiError ? toErrors(error.details) : {};
  return (
    <form
      className="card form"
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate({ body: { email, role } });
      }}
    >
      <h2>Invite</h2>
      <TextField
        {...{ label: "E-mail", type: "email", value: email, error: errors.email }}
        {...{ onChange: setEmail, autoComplete: "off" }}
      />
      <Labelled
        label="Role"
        help="Members read, admins also write jobs, channels and secrets, owners decide on people."
      >
        {(wires) => (
          <select
            {...wires}
            value={role}
            onChange={({ target }) =>
              setRole(memberRoles.find((each) => each === target.value) ?? "member")
            }
          >
            {memberRoles.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Labelled>
      <ErrorNote error={error} shown={["email"]} />
      {link !== null && (
        <ShownOnce
          {...{ label: "Link of the invitation", value: link, onDone: () => setLink(null) }}
          text="This installation sends no mail. Hand this link over; it is shown this once."
        />
      )}
      <div className="actions">
        <button type="submit" className="primary" disabled={invite.isPending}>
          Invite
        </button>
      </div>
    </form>
  );
}
