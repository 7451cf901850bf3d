// Where a job is created. Until the form is here, it says how the command line does it.
import { PageHeader } from "../../components/page-header.tsx";

export function NewJobPage() {
  return (
    <>
      <PageHeader title="New job" />
      <div className="card">
        <p>Jobs are created from a terminal or over the API:</p>
        <pre className="code">
          cronctl jobs create --name nightly-backup --kind cron --cron "0 2 * * *" --url
          https://example.com/backup
        </pre>
      </div>
    </>
  );
}
