export interface Example {
  file: string;
  line: number;
  code: string;
}
export function markdownExamples(file: string, text: string): Example[];
export function commentExamples(file: string, text: string): Example[];
export function allExamples(root: string): Example[];
export function checkedModule(code: string): { text: string; checks: number };
export function sameText(actual: string, expected: string): boolean;
