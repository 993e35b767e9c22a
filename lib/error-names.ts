let renamed = (message: string): string => message;

/** The message of an error as it is thrown. */
export function named(message: string): string {
  return renamed(message);
}

/** Says what becomes of messages: they name the function that was called, which the errors themselves cannot know. */
export function nameErrors(how: (message: string) => string): void {
  renamed = how;
}
