// Who is signed in, in which workspace and in which role. Pages ask here what they may offer; the
// server decides again, whatever they offer.
import { createContext, type ReactNode, useContext } from "react";
import type { AnswerOf } from "./api.tsx";

export type Me = AnswerOf<"getMe">;

const MeContext = createContext<Me | null>(null);

export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <MeContext value={me}>{children}</MeContext>;
}

export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("no MeProvider around this component");
  return me;
}

/** The zone in which instants are shown, by its IANA name. */
export function useZone(): string {
  return useMe().workspace.timezone;
}

/** False for those who only look around: they see no button that would be refused. */
export function useMayWrite(): boolean {
  return useMe().role !== "member";
}
