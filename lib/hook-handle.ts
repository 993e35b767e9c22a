/** Takes a hook away again. */
export interface HookHandle {
  /** Removes the hook; a second time does nothing. */
  remove(): void;
  [Symbol.dispose](): void;
}

export function hookHandle(remove: () => void): HookHandle {
  return { remove, [Symbol.dispose]: remove };
}
