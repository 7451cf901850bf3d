// Asks once before what was typed is lost by leaving: by a link, a key, the way back, or closing
// the window. Where the browser has no Navigation API it asks only at the last.
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { confirm } from "../components/confirm.tsx";
import { basePath } from "../data/client.ts";

interface NavigateEvent extends Event {
  readonly destination: {
    readonly url: string;
    /** False for what is no page of the dashboard, such as the documentation of the API. */
    readonly sameDocument: boolean;
  };
}

const question = {
  title: "Leave without saving?",
  text: "What you typed here is not saved and will be lost.",
  button: "Leave",
};

/** The answer is to be called before leaving with everything saved. */
export function useLeaveGuard(isDirty: boolean): () => void {
  const [, navigate] = useLocation();
  const isFree = useRef(false);
  const go = useRef(navigate);
  go.current = navigate;
  useEffect(() => {
    if (!isDirty) return;
    const onUnload = (event: BeforeUnloadEvent) => {
      if (!isFree.current) event.preventDefault();
    };
    const onNavigate = (event: Event) => {
      // `isNavigate` looks at what is used of it.
      if (isFree.current || !event.cancelable || !isNavigate(event)) return;
      const { url, sameDocument: isPage } = event.destination;
      const to = new URL(url);
      if (to.origin !== location.origin || to.pathname === location.pathname) return;
      event.preventDefault();
      void confirm(question).then((isSure) => {
        if (!isSure) return;
        isFree.current = true;
        if (isPage) go.current(to.pathname.slice(basePath.length) + to.search + to.hash);
        else location.assign(to);
      });
    };
    const navigation = "navigation" in window ? window.navigation : undefined;
    const target = navigation instanceof EventTarget ? navigation : undefined;
    addEventListener("beforeunload", onUnload);
    target?.addEventListener("navigate", onNavigate);
    return () => {
      removeEventListener("beforeunload", onUnload);
      target?.removeEventListener("navigate", onNavigate);
    };
  }, [isDirty]);
  return () => {
    isFree.current = true;
  };
}

function isNavigate(event: Event): event is NavigateEvent {
  return "destination" in event;
}
