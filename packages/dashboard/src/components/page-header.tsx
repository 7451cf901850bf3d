// The head of a page: its name, which is also that of the window, and what can be done on it.
import { type ReactNode, useEffect } from "react";

interface PageHeaderProps {
  readonly title: string;
  readonly children?: ReactNode;
  /** A sentence below the name. */
  readonly lead?: ReactNode;
}

export function PageHeader({ title, lead, children }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} - TrigRun`;
  }, [title]);
  return (
    <header className="page-head">
      <div>
        <h1 dir="auto">{title}</h1>
        {lead && <p className="lead">{lead}</p>}
      </div>
      {children && <div className="actions">{children}</div>}
    </header>
  );
}
