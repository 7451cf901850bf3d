// The measure of the API: Fastify with one prepared statement a route, on the same database. It
// checks no token, no input and no right, writes no audit log, and answers rows as they are.
//
//   bare-api-process.ts SOCKET_FOLDER USER DATABASE
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import pg from "pg";

const [host = "", user = "", database = ""] = process.argv.slice(2);
// As many connections as the product has.
const pool = new pg.Pool({ host, user, database, max: 12, application_name: "bench bare" });
const app = Fastify({ logger: false });

interface One {
  readonly Params: { readonly id: string };
}

app.get<One>("/v1/jobs/:id", async ({ params }) => {
  const text = "select * from jobs where id = $1";
  return (await pool.query({ name: "one", text, values: [params.id] })).rows[0];
});

app.get("/v1/jobs", async () => {
  const text = `select * from jobs where workspace_id = (select id from workspaces limit 1)
    and deleted_at is null order by id desc limit 50`;
  return (await pool.query({ name: "page", text, values: [] })).rows;
});

app.patch<One & { readonly Body: { readonly name: string } }>(
  "/v1/jobs/:id",
  async ({ params, body }) => {
    const text = "update jobs set name = $2, updated_at = now() where id = $1 returning *";
    return (await pool.query({ name: "rename", text, values: [params.id, body.name] })).rows[0];
  },
);

await app.listen({ host: "127.0.0.1", port: 0 });
process.once("disconnect", () => process.exit());
// A listening TCP server has an address with a port.
process.send?.((app.server.address() as AddressInfo).port);
