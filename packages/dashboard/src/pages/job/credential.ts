// Whether a header's value is better not on the screen. Pure. It errs towards hiding; the API has
// the value for whoever may read it.

// What headers that carry credentials are called: `Authorization`, `X-Api-Key`, `Cookie`.
const telling = /auth|cookie|credential|key|pass|secret|session|signature|token/i;

/** `Bearer secret://stripe` names a secret and holds none. */
const reference = /^(?:[A-Za-z]+ )?secret:\/\/[\w.-]+$/;

export function isCredential(name: string, value: string): boolean {
  return telling.test(name) && !reference.test(value);
}
