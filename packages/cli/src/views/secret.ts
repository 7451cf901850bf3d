// Secrets as people read them: everything but the value, which no answer holds.
import type { Answer, Secret, TrigRunApi } from "@trigrun/contract";
import { type Column, exact, relative, renderDetails, renderTable, type View } from "../render.ts";

type SecretWithJobs = Answer<TrigRunApi["getSecret"]>;

export function renderSecrets(secrets: readonly Secret[], view: View): string {
  const columns: Column<Secret>[] = [
    { title: "NAME", text: (secret) => secret.name },
    { title: "CHANGED", text: (secret) => relative(secret.updated_at, view), isRigid: true },
    { title: "KEY", text: (secret) => secret.key_version, isRigid: true, isOptional: true },
    { title: "ID", text: (secret) => secret.id, isRigid: true, isOptional: true },
  ];
  return renderTable(columns, secrets, view);
}

export function renderSecret(secret: Secret, view: View): string {
  return renderDetails(toDetails(secret, view), view);
}

export function renderSecretWithJobs(secret: SecretWithJobs, view: View): string {
  const jobs = secret.jobs.map(({ id, name }) => `${name} (${id})`);
  return renderDetails(
    [...toDetails(secret, view), ["Used by", jobs.length === 0 ? "no job" : jobs]],
    view,
  );
}

function toDetails(secret: Secret, view: View): Parameters<typeof renderDetails>[0][number][] {
  return [
    ["Secret", secret.name, "strong"],
    ["Id", secret.id],
    ["Reference", `secret://${secret.name}`],
    ["Key", secret.key_version],
    ["Created", exact(secret.created_at, view)],
    ["Changed", exact(secret.updated_at, view)],
  ];
}
