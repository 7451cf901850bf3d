// What each section of the form of a job is given.
import type { DraftErrors, JobDraft } from "./job-draft.ts";

export interface SectionProps {
  readonly draft: JobDraft;
  readonly errors: DraftErrors;
  readonly change: (part: Partial<JobDraft>) => void;
}
