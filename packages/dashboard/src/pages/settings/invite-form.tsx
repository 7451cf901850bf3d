// Invites somebody. Where this installation sends no mail, the link is handed over by hand.
import { type MemberRole, memberRoles } from "@trigrun/contract";
import { useState } from "react";
import { ShownOnce } from "../../components/shown-once.tsx";
import { showToast } from "../../components/toast.ts";
import { useWrite } from "../../data/api.tsx";
import { Labelled, TextField } from "../../forms/field.tsx";
import { WriteForm } from "../../forms/write-form.tsx";

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
  return (
    <WriteForm
      title="Invite"
      write={invite}
      shown={["email"]}
      button="Invite"
      onSubmit={() => invite.mutate({ body: { email, role } })}
      result={
        link !== null && (
          <ShownOnce
            {...{ label: "Link of the invitation", value: link, onDone: () => setLink(null) }}
            text="This installation sends no mail. Hand this link over; it is shown this once."
          />
        )
      }
    >
      {(errors) => (
        <>
          <TextField
            {...{ label: "E-mail", type: "email", value: email, error: errors.email }}
            {...{ onChange: setEmail, autoComplete: "off" }}
          />
          <Labelled
            label="Role"
            help="Members read, admins write jobs, channels and secrets, owners decide on people."
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
        </>
      )}
    </WriteForm>
  );
}
