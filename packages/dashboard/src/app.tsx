// The outermost component: whoever has no token sees the way in, everybody else the pages. The
// address stays what it was, so that a link from a message leads there after the sign-in.
import { Suspense } from "react";
import { Router } from "wouter";
import { ConfirmHost } from "./components/confirm.tsx";
import { ErrorBoundary } from "./components/error-boundary.tsx";
import { PageError, PageLoading } from "./components/states.tsx";
import { ToastHost } from "./components/toasts.tsx";
import { ApiProvider, useRead } from "./data/api.tsx";
import { basePath } from "./data/client.ts";
import { MeProvider } from "./data/me.tsx";
import { useToken } from "./data/session.ts";
import { Entrance } from "./entrance/entrance.tsx";
import { Pages } from "./routes.tsx";
import { Shell } from "./shell/shell.tsx";

export function App() {
  const token = useToken();
  return (
    <ErrorBoundary>
      <Router base={basePath}>
        <ApiProvider key={token} token={token}>
          {token === null ? <Entrance /> : <SignedIn />}
        </ApiProvider>
        <ToastHost />
        <ConfirmHost />
      </Router>
    </ErrorBoundary>
  );
}

function SignedIn() {
  const { data: me, error, refetch } = useRead("getMe");
  if (me === undefined) {
    if (error === null) return <PageLoading />;
    return <PageError error={error} again={() => void refetch()} />;
  }
  return (
    <MeProvider me={me}>
      <Shell>
        <ErrorBoundary>
          <Suspense fallback={<PageLoading />}>
            <Pages />
          </Suspense>
        </ErrorBoundary>
      </Shell>
    </MeProvider>
  );
}
