// A new signing secret for a webhook: shown this once, kept by nothing of the page, and how to look
// whether the receiver takes it.
import { confirm } from "../../components/confirm.tsx";
import { ErrorNote } from "../../components/error-note.tsx";
import { ShownOnce } from "../../components/shown-once.tsx";
import { When } from "../../components/when.tsx";
import { useWrite } from "../../data/api.tsx";

const verifyText =
  "cronctl webhooks verify --secret-file secret.txt --headers headers.txt body.json";

export function SecretRotation({ id }: { id: string }) {
  const rotate = useWrite("rotateChannelSecret", { stales: ["getChannel"], showsError: true });
  const askAndRotate = async () => {
    const isSure = await confirm({
      title: "Make a new signing secret?",
      text: "For 24 hours the old one signs as well. After that, receivers need the new one.",
      button: "Make a new secret",
    });
    if (isSure) rotate.mutate({ params: { id }, body: {} });
  };
  return (
    <section className="panel" aria-label="Signing secret">
      <h3>Signing secret</h3>
      <div className="actions">
        <button type="button" disabled={rotate.isPending} onClick={() => void askAndRotate()}>
          Rotate the secret
        </button>
      </div>
      <ErrorNote error={rotate.error} />
      {rotate.data && (
        <ShownOnce
          {...{ label: "Signing secret", value: rotate.data.secret, onDone: rotate.reset }}
          text="Copy the secret now: it is shown this once, and never again."
        >
          {rotate.data.previous_secret_expires_at !== null && (
            <p>
              The old one ends <When at={rotate.data.previous_secret_expires_at} isAlone />.
            </p>
          )}
          <p>To check a message that your receiver got:</p>
          <pre className="code">{verifyText}</pre>
        </ShownOnce>
      )}
    </section>
  );
}
