// The pages that links about accounts lead to: one form each, which asks the API. The secret of a
// link stands behind its `#` and reaches the server in the body of that request only.
import type { FastifyInstance } from "fastify";
import { sendPage } from "./page.ts";

interface AccountPage {
  readonly path: string;
  /** The route that the form asks, seen from the page, so that a path before both stays. */
  readonly action: string;
  readonly title: string;
  readonly lead: string;
  readonly fields: readonly string[];
  readonly button: string;
  readonly done: string;
}

const nameField =
  '<label>Your name, if you are new here<br><input name="name" autocomplete="name"></label>';

const passwordField = (label: string, autocomplete: string) =>
  `<label>${label}<br><input name="password" type="password" required minlength="15" ` +
  `maxlength="128" autocomplete="${autocomplete}"></label>`;

const pages: readonly AccountPage[] = [
  {
    path: "/account/verify-email",
    action: "../v1/auth/verify-email",
    title: "Verify your address",
    lead: "One click, and your account can do everything its role allows.",
    fields: [],
    button: "Verify",
    done: "Your address is verified.",
  },
  {
    path: "/account/reset-password",
    action: "../v1/auth/reset-password",
    title: "Set a new password",
    lead: "15 characters or more, of any kind; a few words do well. Every sign-in ends.",
    fields: [passwordField("New password", "new-password")],
    button: "Set the password",
    done: "The password is set. Sign in with it.",
  },
  {
    path: "/account/invitation",
    action: "../v1/invitations/accept",
    title: "Accept the invitation",
    lead: "With the password of your account here, or with a name and a password for a new one.",
    fields: [nameField, passwordField("Password", "current-password")],
    button: "Accept",
    done: "Welcome. Sign in with the password that you gave.",
  },
];

// Text is shown as text: nothing that the server answers becomes part of the page.
const script = `
const form = document.querySelector("form");
const said = document.querySelector("output");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const body = { token: location.hash.slice(1), ...Object.fromEntries(given) };
  said.textContent = "…";
  try {
    const answer = await fetch(form.dataset.action, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    said.textContent = answer.ok ? form.dataset.done : JSON.parse(text).error.message;
    if (answer.ok) form.hidden = true;
  } catch {
    said.textContent = "The server cannot be reached. Try again in a moment.";
  }
});
`;

export function addAccountPages(app: FastifyInstance): void {
  for (const page of pages) {
    const content = toContent(page);
    const title = `${page.title} - TrigRun`;
    app.get(page.path, async (_request, reply) => sendPage(reply, { title, content, script }));
  }
}

// The texts are ours, and none has a character that HTML would read.
const toContent = ({ title, lead, action, done, fields, button }: AccountPage) => `<h1>${title}</h1>
<p>${lead}</p>
<form method="post" data-action="${action}" data-done="${done}">
${fields.join("\n")}
<button>${button}</button>
</form>
<p><output></output></p>
<p><a href="../">TrigRun</a></p>`;
