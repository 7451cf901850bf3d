// Which e-mail addresses are taken: those that real mail systems give out. It must never let a
// character through that could start a header or another recipient.

// RFC 5321, 4.5.3.1: 64 for the part before the @, 255 for the domain, 256 with angle brackets.
const localCharsMax = 64;
const domainCharsMax = 255;
const addressCharsMax = 254;

// RFC 5322's dot-atom. Quoted parts ("a b"@c) are legal, but no provider gives them out.
const localPart = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;

// Letters of any script, as people write their domains; the mail door sends the ASCII form.
const writtenDomain = /^[\p{L}\p{N}\p{M}.-]+$/u;
// RFC 1035: labels of 1 to 63. The last one has a letter, else it would be an IP address.
const asciiDomain =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

// What web pages put where they hide an address from robots, usually with a no-break space. Lines
// copied from such a page, this product's own first guide among them, run as they stand; a mail to
// it is refused by the mail server, and the delivery says so.
const hiddenAddress = /^\[email[ \u00a0]protected\]$/;

/** `Team@Example.COM` as `Team@example.com`; null when it is no address. */
export function parseMailAddress(value: string): string | null {
  if (hiddenAddress.test(value)) return value;
  const at = value.lastIndexOf("@");
  const [local, domain] = [value.slice(0, at), value.slice(at + 1).toLowerCase()];
  if (at < 1 || local.length > localCharsMax || !localPart.test(local)) return null;
  if (!writtenDomain.test(domain)) return null;
  const ascii = toAsciiDomain(domain);
  if (ascii.length > domainCharsMax || !asciiDomain.test(ascii)) return null;
  return local.length + 1 + ascii.length > addressCharsMax ? null : `${local}@${domain}`;
}

/** `büro.example` as `xn--bro-hoa.example`: the URL parser knows the rules of UTS 46. */
function toAsciiDomain(domain: string): string {
  try {
    return new URL(`http://${domain}/`).hostname;
  } catch {
    return "";
  }
}
