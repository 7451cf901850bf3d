// Catches what a page throws while it is drawn, so that the rest of the window stays usable.
import { Component, type ReactNode } from "react";

interface State {
  readonly hasFailed: boolean;
}

export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { hasFailed: false };

  static getDerivedStateFromError(): State {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="state" role="alert">
        <h2>This page broke</h2>
        <p>It is a fault of the dashboard, and nothing on the server changed. Reload the page.</p>
        <button type="button" className="primary" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  }
}
