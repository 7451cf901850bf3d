// The frame around every page: navigation, banners, palette and keys. On a narrow window the
// navigation is a bar at the bottom.
import { type ReactNode, useCallback, useState } from "react";
import { Link, useLocation } from "wouter";
import { Icon } from "../components/icon.tsx";
import { basePath } from "../data/client.ts";
import { useCommands } from "../data/commands.ts";
import { places } from "../routes.tsx";
import { AccountMenu, useSignOut } from "./account-menu.tsx";
import { Banners } from "./banners.tsx";
import { Help } from "./help.tsx";
import { Palette } from "./palette.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { chooseTheme, themes } from "./theme.ts";

export function Shell({ children }: { children: ReactNode }) {
  const [, navigate] = useLocation();
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const signOut = useSignOut();
  useShortcuts(useCallback(() => setOpen("palette"), []));
  useCommands([
    ...places.map(({ href, label, keys }) => ({
      ...{ id: `go${href}`, title: `Go to ${label}`, keys },
      run: () => navigate(href),
    })),
    { id: "help", title: "Show the keys", keys: "?", run: () => setOpen("help") },
    ...themes.map((theme) => ({
      ...{ id: `theme.${theme}`, title: `Theme: ${theme}` },
      run: () => chooseTheme(theme),
    })),
    { id: "sign-out", title: "Sign out", run: signOut },
  ]);
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <aside className="side">
        <Link href="/" className="brand">
          <Icon name="jobs" />
          TrigRun
        </Link>
        <Navigation />
        <div className="side-end">
          <button type="button" className="quiet find" onClick={() => setOpen("palette")}>
            <Icon name="search" />
            <span>Commands</span>
            <kbd>Ctrl K</kbd>
          </button>
          <AccountMenu />
          <a className="faint side-link" href={`${basePath}/docs`}>
            API documentation
          </a>
        </div>
      </aside>
      <div className="content">
        <Banners />
        <main id="content" className="page" tabIndex={-1}>
          {children}
        </main>
      </div>
      {open === "palette" && <Palette onClose={() => setOpen(null)} />}
      {open === "help" && <Help onClose={() => setOpen(null)} />}
    </div>
  );
}

function Navigation() {
  const [location] = useLocation();
  const isHere = (href: string) =>
    href === "/" ? location === "/" : location === href || location.startsWith(`${href}/`);
  return (
    <nav aria-label="Pages">
      <ul>
        {places.map(({ href, label, icon }) => (
          <li key={href}>
            <Link href={href} aria-current={isHere(href) ? "page" : undefined}>
              <Icon name={icon} />
              <span>{label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
