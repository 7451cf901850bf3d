// What is wrong with a field, as a sentence. Pure.

/** Most complaints go on after the name of their field; one that is a sentence stands by itself. */
export function toComplaint(name: string, message: string): string {
  return message.endsWith(".") ? message : `${name} ${message}.`;
}
