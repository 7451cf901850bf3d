// A call that succeeds for every route that writes: those of the matrix, and those without a token,
// each with an account, a link or an invitation of its own.
import { api, isRead, type Route } from "@trigrun/contract";
import { createLink } from "../../src/auth/link.ts";
import type { LinkPurpose } from "../../src/store/account-links.ts";
import { personPassword, type TestApi } from "../support/api.ts";
import { createSubjects, type RouteKey, type Subject } from "./matrix-rows.ts";

// Every key of the contract, as the compiler knows them.
const entries = Object.entries<Route>(api) as [RouteKey, Route][];

/** Every route that writes. */
export const writes = entries.filter(([, definition]) => !isRead(definition));

export const newPassword = "another four words entirely";

/** Makes rows in the first workspace of the API, which has to send mail and let people sign up. */
export function createWrites(test: TestApi) {
  const makeSubject = createSubjects(test);
  let count = 0;

  async function makeLinkText(purpose: LinkPurpose, subjectId: string): Promise<string> {
    const { db, clock, services } = test;
    const { publicUrl } = services;
    const url = await createLink(db, { purpose, subjectId, publicUrl, now: clock.now() });
    return url.split("#")[1] ?? "";
  }

  const publicBodies: { readonly [K in RouteKey]?: () => Promise<unknown> } = {
    signUp: async () => {
      const email = `new-${++count}@example.com`;
      return { name: "New", email, password: newPassword };
    },
    logIn: async () => ({ email: (await test.addPerson("admin")).email, password: personPassword }),
    verifyEmail: async () => {
      const { userId } = await test.addPerson("member", { isPending: true });
      return { token: await makeLinkText("verify_email", userId) };
    },
    forgotPassword: async () => ({ email: (await test.addPerson("member")).email }),
    resetPassword: async () => {
      const { userId } = await test.addPerson("member");
      return { token: await makeLinkText("reset_password", userId), password: newPassword };
    },
    acceptInvitation: async () => {
      const body = { email: `accepts-${++count}@example.com` };
      const { id } = await test.client.inviteMember({ body });
      const token = await makeLinkText("invitation", id);
      return { token, name: "Invited", password: newPassword };
    },
  };

  return async (key: RouteKey): Promise<Subject> => {
    const definition: Route = api[key];
    if (definition.role !== "public") return await makeSubject(key);
    const make = publicBodies[key];
    if (make === undefined) throw new Error(`no body is made for ${key}: add it to write-rows.ts`);
    return { path: definition.path, body: await make() };
  };
}
