/** What is checked of a sample. */
export const parts = ['values', 'grads', 'second grads', 'state', 'errors'] as const;
export type Part = (typeof parts)[number];

export interface Failure {
  /** A part, or the form that failed: `method`, `in place`. */
  readonly what: string;
  readonly detail: string;
}

/** One sample, done. */
export interface Outcome {
  readonly op: string;
  readonly id: string;
  readonly dtype: string;
  readonly status: 'passed' | 'failed' | 'unsupported';
  /** Which parts were checked, and whether they passed. */
  readonly parts: Readonly<Partial<Record<Part, boolean>>>;
  readonly failures: readonly Failure[];
  /** Why it is unsupported. */
  readonly reason?: string;
}
