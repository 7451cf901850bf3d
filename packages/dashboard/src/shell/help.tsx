// The keys that work on the page that is shown, behind `?`.
import { Dialog } from "../components/dialog.tsx";
import { useAllCommands } from "../data/commands.ts";
import { Keys } from "./palette.tsx";

export function Help({ onClose }: { onClose: () => void }) {
  const commands = useAllCommands().filter(({ keys }) => keys !== undefined);
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <ul className="plain-list">
        <li className="palette-item">
          <span>Find any command</span>
          <span className="keys">
            <kbd>Ctrl K</kbd>
          </span>
        </li>
        {commands.map(({ id, title, keys }) => (
          <li key={id} className="palette-item">
            <span dir="auto">{title}</span>
            <Keys keys={keys} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
