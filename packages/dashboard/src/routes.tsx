// Every page of the dashboard: a line each, loaded when it is first opened. What stands in the
// navigation and in the palette is derived from it. The first parts of the paths are known to the
// server as well, in `dashboardSections`.
import { type ComponentType, lazy } from "react";
import { Redirect, Route, Switch } from "wouter";
import type { IconName } from "./components/icon.tsx";
import { NotFound } from "./components/states.tsx";

interface Entry {
  readonly path: string;
  readonly page: ComponentType;
  /** Pages with a place in the navigation. `keys` are pressed one after the other. */
  readonly nav?: { readonly label: string; readonly icon: IconName; readonly keys: string };
}

/** React wants a default export where the house has none. */
const page = (load: () => Promise<ComponentType>) => lazy(async () => ({ default: await load() }));

const entries: readonly Entry[] = [
  {
    path: "/",
    page: page(async () => (await import("./pages/overview/overview-page.tsx")).OverviewPage),
    nav: { label: "Overview", icon: "overview", keys: "g o" },
  },
  {
    path: "/jobs",
    page: page(async () => (await import("./pages/jobs/jobs-page.tsx")).JobsPage),
    nav: { label: "Jobs", icon: "jobs", keys: "g j" },
  },
  {
    path: "/jobs/new",
    page: page(async () => (await import("./pages/job-form/new-job-page.tsx")).NewJobPage),
  },
  {
    path: "/jobs/:id/edit",
    page: page(async () => (await import("./pages/job-form/edit-job-page.tsx")).EditJobPage),
  },
  {
    path: "/jobs/:id",
    page: page(async () => (await import("./pages/job/job-page.tsx")).JobPage),
  },
  {
    path: "/executions/:id?",
    page: page(async () => (await import("./pages/executions/executions-page.tsx")).ExecutionsPage),
    nav: { label: "Executions", icon: "executions", keys: "g e" },
  },
  {
    path: "/deliveries/:id?",
    page: page(async () => (await import("./pages/deliveries/deliveries-page.tsx")).DeliveriesPage),
    nav: { label: "Deliveries", icon: "deliveries", keys: "g d" },
  },
  {
    path: "/channels/new",
    page: page(async () => (await import("./pages/channels/new-channel-page.tsx")).NewChannelPage),
  },
  {
    path: "/channels/:id?",
    page: page(async () => (await import("./pages/channels/channels-page.tsx")).ChannelsPage),
    nav: { label: "Channels", icon: "channels", keys: "g c" },
  },
  {
    path: "/settings/:section?",
    page: page(async () => (await import("./pages/settings/settings-page.tsx")).SettingsPage),
    nav: { label: "Settings", icon: "settings", keys: "g s" },
  },
];

export interface Place {
  /** Without what the reader fills in: "/executions". */
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  readonly keys: string;
}

export const places: readonly Place[] = entries.flatMap(({ path, nav }) =>
  nav === undefined ? [] : [{ href: path.replace(/\/:.*$/, ""), ...nav }],
);

export function Pages() {
  return (
    <Switch>
      {entries.map(({ path, page: Page }) => (
        <Route key={path} path={path}>
          <Page />
        </Route>
      ))}
      <Route path="/sign-in">
        <Redirect to="/" replace />
      </Route>
      <Route path="/set-up">
        <Redirect to="/" replace />
      </Route>
      <Route>
        <NotFound what="page" />
      </Route>
    </Switch>
  );
}
