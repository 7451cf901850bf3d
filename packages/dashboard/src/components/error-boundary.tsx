// Catches what a page throws while it is drawn, so that the rest of the window stays usable.
// Another address is another page, and gets its own try.
import { Component, type ReactNode } from "react";
import { useLocation } from "wouter";

interface BoundaryProps {
  readonly children: ReactNode;
  readonly address: string;
}

interface State {
  readonly hasFailed: boolean;
}

export function ErrorBoundary({ children }: { readonly children: ReactNode }) {
  const [address] = useLocation();
  return <Boundary address={address}>{children}</Boundary>;
}

class Boundary extends Component<BoundaryProps, State> {
  override state: State = { hasFailed: false };

  static getDerivedStateFromError(): State {
    return { hasFailed: true };
  }

  override componentDidUpdate(before: BoundaryProps): void {
    // A page that broke right as it was opened is drawn once more by this, and no third time.
    if (this.state.hasFailed && before.address !== this.props.address) {
      this.setState({ hasFailed: false });
    }
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
