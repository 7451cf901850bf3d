// Makes an API token, as narrow as it is wanted. The token itself is shown once, here.
import { type MemberRole, memberRoles, scopes } from "@trigrun/contract";
import { useState } from "react";
import { ShownOnce } from "../../components/shown-once.tsx";
import { useWrite } from "../../data/api.tsx";
import { useZone } from "../../data/me.tsx";
import { toInstant, wrongDate } from "../../data/zoned.ts";
import { Labelled, TextField } from "../../forms/field.tsx";
import { WriteForm } from "../../forms/write-form.tsx";

interface Values {
  readonly name: string;
  readonly role: MemberRole;
  readonly chosen: readonly string[];
  readonly end: string;
}

const fresh: Values = { name: "", role: "admin", chosen: [], end: "" };

export function TokenForm() {
  const zone = useZone();
  const [values, setValues] = useState(fresh);
  const [token, setToken] = useState<string | null>(null);
  const create = useWrite("createToken", {
    ...{ stales: ["listTokens"], showsError: true },
    onDone: (made) => {
      setToken(made.token);
      setValues(fresh);
      // The answer holds the token, and nothing else needs to.
      create.reset();
    },
  });
  const { name, role, chosen, end } = values;
  const isEndWrong = end !== "" && toInstant(end, zone) === "";
  const submit = () => {
    if (isEndWrong) return;
    const granted = scopes.filter((scope) => chosen.includes(scope));
    create.mutate({
      body: {
        ...{ name, role },
        ...(granted.length === 0 ? {} : { scopes: granted }),
        ...(end === "" ? {} : { expires_at: toInstant(end, zone) }),
      },
    });
  };
  return (
    <WriteForm
      title="New token"
      write={create}
      shown={["name", "expires_at"]}
      button="Create the token"
      onSubmit={submit}
      result={
        token !== null && (
          <ShownOnce
            {...{ label: "API token", value: token, onDone: () => setToken(null) }}
            text="Copy the token now: it is shown this once, and never again."
          />
        )
      }
    >
      {(errors) => (
        <>
          <TextField
            {...{ label: "Name", value: name, error: errors.name, placeholder: "deploy" }}
            onChange={(value) => setValues({ ...values, name: value })}
          />
          <Labelled label="Role" help="At most this, and never more than you have.">
            {(wires) => (
              <select
                {...wires}
                value={role}
                onChange={({ target }) => {
                  const next = memberRoles.find((each) => each === target.value);
                  if (next !== undefined) setValues({ ...values, role: next });
                }}
              >
                {memberRoles.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            )}
          </Labelled>
          <Scopes chosen={chosen} onChange={(next) => setValues({ ...values, chosen: next })} />
          <Labelled
            {...{
              label: "Ends",
              error: isEndWrong ? wrongDate : errors.expires_at,
              isOptional: true,
            }}
            help={`Times are those of ${zone}. Empty: never.`}
          >
            {(wires) => (
              <input
                {...{ ...wires, type: "datetime-local", value: end }}
                onChange={(event) => setValues({ ...values, end: event.target.value })}
              />
            )}
          </Labelled>
        </>
      )}
    </WriteForm>
  );
}

interface ScopesProps {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: string[]) => void;
}

function Scopes({ chosen, onChange }: ScopesProps) {
  const toggle = (scope: string) =>
    onChange(chosen.includes(scope) ? chosen.filter((each) => each !== scope) : [...chosen, scope]);
  return (
    <details className="wire">
      <summary>
        Scopes{" "}
        <span className="faint">
          {chosen.length === 0 ? "all that the role may" : chosen.join(", ")}
        </span>
      </summary>
      <fieldset className="scopes">
        <legend className="unseen">Scopes</legend>
        {scopes.map((scope) => (
          <label key={scope} className="check">
            <input
              {...{ type: "checkbox", checked: chosen.includes(scope) }}
              onChange={() => toggle(scope)}
            />
            <span className="code">{scope}</span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}
