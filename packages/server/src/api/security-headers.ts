// The headers that every answer carries, whatever it is: a page, JSON, an error, a refusal of what
// is no HTTP. Strictest by default; a page loosens its own policy and nothing else.

/** For pages of our own scripts and styles, which are files of this server: no inline code. */
export const ownScriptsPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

// What a page of ours never asks for, so that a script smuggled into one cannot either.
const refusedFeatures = [
  "accelerometer",
  "camera",
  "display-capture",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "publickey-credentials-get",
  "screen-wake-lock",
  "serial",
  "usb",
  "xr-spatial-tracking",
];

const always = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  // No answer of the API is a page; should a browser show one, it runs and loads nothing.
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  // Of loads without CORS only, such as <img>; what an allowed origin fetches is not one.
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": refusedFeatures.map((feature) => `${feature}=()`).join(", "),
};

// A year, which is what lists of such hosts ask for. Without `includeSubDomains`: the host's other
// names are not ours to speak for.
const strictTransport = "max-age=31536000";

/** `publicUrl` as it is set: where people come by http, https must not be forced on them. */
export function toSecurityHeaders(publicUrl: string | undefined): Readonly<Record<string, string>> {
  if (!publicUrl?.startsWith("https://")) return always;
  return { ...always, "strict-transport-security": strictTransport };
}
