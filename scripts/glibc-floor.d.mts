export const highestGlibc: string;
export function versionedSymbols(name: string): { symbol: string; library: string; version: string }[];
export function compareVersions(a: string, b: string): number;
export function glibcFloor(name: string, highest?: string): { floor: string; above: string[] };
