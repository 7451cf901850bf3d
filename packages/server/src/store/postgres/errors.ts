// How the built-in database says that it cannot run. Every message ends with what to do about it.

export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
