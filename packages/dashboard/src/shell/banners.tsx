// What holds for every page and must not be missed: the server is away, the address is unverified.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { showToast } from "../components/toast.ts";
import { useClient, useRead, useWrite } from "../data/api.tsx";
import { reachable } from "../data/client.ts";
import { useMe } from "../data/me.tsx";
import { useStore } from "../data/store.ts";

// Often enough to come back while somebody looks, and nothing for a server that is starting.
const probeMs = 3_000;

export function Banners() {
  const isReachable = useStore(reachable);
  return (
    <div className="banners" role="status">
      {!isReachable && <OfflineBanner />}
      <VerifyBanner />
    </div>
  );
}

function OfflineBanner() {
  const client = useClient();
  const queries = useQueryClient();
  useEffect(() => {
    const probe = setInterval(() => {
      // Whoever answers has set `reachable`, and everything shown may have changed meanwhile.
      client.getHealth().then(
        () => queries.invalidateQueries(),
        () => undefined,
      );
    }, probeMs);
    return () => clearInterval(probe);
  }, [client, queries]);
  return (
    <p className="banner bad">
      The server cannot be reached. What you see may be old; it renews itself when the server is
      back.
    </p>
  );
}

function VerifyBanner() {
  const { user } = useMe();
  const isPending = user?.trust_level === "pending_verification";
  const options = useRead("getSignInOptions", undefined, { isOff: !isPending });
  const resend = useWrite("resendVerification", {
    onDone: () => showToast({ text: `A link is on its way to ${user?.email}.`, tone: "good" }),
  });
  if (!isPending || options.data?.sends_mail !== true) return null;
  return (
    <p className="banner warn">
      <span>Verify your address to change anything: a mail with a link went to {user?.email}.</span>
      <button type="button" onClick={() => resend.mutate(undefined)} disabled={resend.isPending}>
        Send it again
      </button>
    </p>
  );
}
