// A real HTTP server on loopback that reads a whole request and answers as it is told. What is
// asked and answered is the business of whoever starts it.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpReceiver {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  close(): Promise<void>;
}

// The largest message of the story has some 5 KB.
const bodyBytesMax = 1024 * 1024;

export async function startHttpReceiver(answer: (call: Call) => Reply): Promise<HttpReceiver> {
  let origin = "";
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    if (body === undefined) {
      response.writeHead(413, { connection: "close" }).end();
      return;
    }
    const { method = "", url = "/", headers } = request;
    const reply = answer({ method, url: new URL(url, origin), headers, body });
    response.writeHead(reply.statusCode, { ...reply.headers }).end(reply.body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined when it is longer than anything that belongs here, or broke off. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}
