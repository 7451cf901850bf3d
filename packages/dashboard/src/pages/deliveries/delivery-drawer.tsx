// One delivery: why it went as it did, in sentences, and each try.
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { useRead } from "../../data/api.tsx";

const everyMs = 5_000;

export function DeliveryDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const params = { id };
  const { data, error, refetch } = useRead("getDelivery", { params }, { everyMs });
  const { data: explanation } = useRead("explainDelivery", { params }, { everyMs });
  return (
    <Dialog kind="drawer" title={data?.job_name ?? "Delivery"} onClose={onClose}>
      {data === undefined && error === null && <Loading what="the delivery" />}
      {data === undefined && error !== null && (
        <ErrorState error={error} again={() => void refetch()} what="delivery" />
      )}
      {data !== undefined && (
        <p className="line">
          <Badge state={data.status} />
          <When at={data.created_at} isAlone />
        </p>
      )}
      <ol className="sentences">
        {explanation?.sentences.map((sentence) => (
          <li key={sentence} dir="auto">
            {sentence}
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
