// The way to the form of something new, by pointer and by the key n. Whoever may not write sees
// none.
import { Link, useLocation } from "wouter";
import { useCommands } from "../data/commands.ts";
import { useMayWrite } from "../data/me.tsx";
import { Icon } from "./icon.tsx";

interface NewLinkProps {
  readonly href: string;
  /** "New job". */
  readonly word: string;
  /** Of its command: "Create a job". */
  readonly title: string;
}

export function NewLink({ href, word, title }: NewLinkProps) {
  const [, navigate] = useLocation();
  const mayWrite = useMayWrite();
  useCommands(mayWrite ? [{ id: "new", title, keys: "n", run: () => navigate(href) }] : []);
  if (!mayWrite) return null;
  return (
    <Link href={href} className="button primary">
      <Icon name="plus" /> {word}
    </Link>
  );
}
