export const anywhere: readonly string[];
export const atAnyLevel: readonly string[];
export function scopeArguments(args: readonly string[]): string[];
