// Where a job is changed. Until the form is here, it says how the command line does it.
import { useParams } from "wouter";
import { PageHeader } from "../../components/page-header.tsx";

export function EditJobPage() {
  const { id } = useParams<{ id: string }>();
  return (
    <>
      <PageHeader title="Change the job" />
      <div className="card">
        <p>Jobs are changed from a terminal or over the API:</p>
        <pre className="code">cronctl jobs update {id} --help</pre>
      </div>
    </>
  );
}
