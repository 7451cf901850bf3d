// Whether the token outlives the tab. Off until it is asked for: the device may be anybody's.

interface KeepMeProps {
  readonly isKept: boolean;
  readonly setKept: (isKept: boolean) => void;
}

export function KeepMe({ isKept, setKept }: KeepMeProps) {
  return (
    <label className="check">
      <input type="checkbox" checked={isKept} onChange={(e) => setKept(e.target.checked)} />
      <span>
        Keep me signed in on this device
        <span className="field-help">
          Else it ends with this tab. Only on a device of your own.
        </span>
      </span>
    </label>
  );
}
