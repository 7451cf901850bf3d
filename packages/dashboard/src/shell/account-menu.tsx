// Who is signed in and where: the workspace and the others one may switch to, the theme, and the
// way out.
import { Icon } from "../components/icon.tsx";
import { useWrite } from "../data/api.tsx";
import { useList } from "../data/list.ts";
import { useMe } from "../data/me.tsx";
import { forgetToken, replaceToken } from "../data/session.ts";
import { chooseTheme, themes, useTheme } from "./theme.ts";

export function AccountMenu() {
  const me = useMe();
  const theme = useTheme();
  const signOut = useSignOut();
  return (
    <details className="menu">
      <summary aria-label={`Account and workspace: ${me.workspace.name}`}>
        <span className="menu-name" dir="auto">
          {me.workspace.name}
        </span>
        <Icon name="more" />
      </summary>
      <div className="menu-body">
        <p className="menu-lead" dir="auto">
          {me.user?.name ?? me.token?.name}
          <br />
          <span className="faint">{me.user?.email ?? "An API token"}</span>
          <br />
          <span className="faint">
            {me.role}, times in {me.workspace.timezone}
          </span>
        </p>
        {me.session !== null && <Workspaces />}
        <fieldset className="segments">
          <legend>Theme</legend>
          {themes.map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="theme"
                checked={theme === each}
                onChange={() => chooseTheme(each)}
              />
              <span>{each}</span>
            </label>
          ))}
        </fieldset>
        <button type="button" onClick={signOut}>
          Sign out
        </button>
      </div>
    </details>
  );
}

/** A token of the API goes on living; a sign-in ends on the server, too. */
export function useSignOut(): () => void {
  const me = useMe();
  const logOut = useWrite("logOut", { showsError: true });
  return () => {
    if (me.session === null) forgetToken();
    // Should the server be away, the token is at least gone from here.
    else logOut.mutate(undefined, { onSettled: forgetToken });
  };
}

function Workspaces() {
  const me = useMe();
  const { items } = useList("listWorkspaces", { query: { limit: 100 } });
  const move = useWrite("switchWorkspace", { onDone: ({ token }) => replaceToken(token) });
  const others = items.filter(({ workspace }) => workspace.id !== me.workspace.id);
  if (others.length === 0) return null;
  return (
    <fieldset className="menu-group">
      <legend>Switch to</legend>
      {others.map(({ workspace: { id, name } }) => (
        <button
          key={id}
          type="button"
          className="quiet"
          dir="auto"
          disabled={move.isPending}
          onClick={() => move.mutate({ body: { workspace_id: id } })}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
