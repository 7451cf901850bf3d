// The HTTP server of `cronctl listen`: takes calls on 127.0.0.1 and hands their exact bytes on.
// It holds no more than its limits allow and never listens on another address.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf, usageError } from "./errors.ts";
import type { SignatureHeaders } from "./webhook-signature.ts";

export const host = "127.0.0.1";

// TrigRun's own bodies stay below it.
const bodyBytesMax = 1024 * 1024;
// One for each of many parallel calls; with the cap above it bounds the memory to 32 MiB.
const connectionsMax = 32;
// Longer than a call over a slow tunnel takes; it also ends connections that send nothing.
const requestTimeoutMs = 10_000;

/** One call as it came. */
export interface Arrival {
  readonly headers: SignatureHeaders;
  /** Empty when it was too large to be kept. */
  readonly body: Buffer;
  readonly isTooLarge: boolean;
  /** The status that it is answered with. */
  readonly answered: number;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly port: number;
  /** The status that calls are answered with. */
  readonly answer: number;
  readonly onCall: (arrival: Arrival) => void;
}

export async function startListener(options: ListenerOptions): Promise<Listener> {
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      // A caller that leaves in the middle has said nothing.
      receive(request, response, options).catch(() => request.destroy());
    },
  );
  server.maxConnections = connectionsMax;
  await startListening(server, options.port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function startListening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is taken" : messageOf(error);
      reject(usageError(`Port ${port} cannot be used: ${why}. Choose another one with --port.`));
    });
    server.listen(port, host, resolve);
  });
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, onCall }: ListenerOptions,
): Promise<void> {
  if (request.method !== "POST") {
    response.writeHead(405, { allow: "POST", connection: "close" }).end("POST only.\n");
    return;
  }
  const body = await readBody(request);
  const isTooLarge = body === undefined;
  const answered = isTooLarge ? 413 : answer;
  response.writeHead(answered).end();
  onCall({
    headers: {
      id: headerOf(request, "webhook-id"),
      timestamp: headerOf(request, "webhook-timestamp"),
      signature: headerOf(request, "webhook-signature"),
    },
    body: body ?? Buffer.alloc(0),
    isTooLarge,
    answered,
  });
}

/** Undefined when it is too large: the rest is read, so that the answer arrives, but not kept. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > bodyBytesMax) chunks = [];
    else chunks.push(piece);
  }
  return bytes > bodyBytesMax ? undefined : Buffer.concat(chunks);
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
