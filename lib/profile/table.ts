import type { OpProfile } from './profile.js';

/** Rows as text, the first column to the left, numbers to the right. */
export function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; ++unit) bytes /= 1000;
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

const head = ['Op', 'Phase', 'Calls', 'Total ms', 'Mean us', 'Share', 'Written', 'GFLOP/s'];

/** One line for each op, then those left out and the time between ops. */
export function profileTable(
  ops: readonly OpProfile[],
  limit: number,
  wallMs: number,
  dropped: number,
): string {
  const percent = (ms: number): string => `${((100 * ms) / Math.max(wallMs, 1e-9)).toFixed(1)} %`;
  const rows = ops
    .slice(0, limit)
    .map((op) => [
      op.name,
      op.phase,
      String(op.calls),
      op.totalMs.toFixed(3),
      op.meanUs.toFixed(1),
      percent(op.totalMs),
      bytesText(op.bytes),
      op.gflops === 0 ? '' : op.gflops.toFixed(1),
    ]);
  const rest = ops.slice(limit);
  const sum = (of: (op: OpProfile) => number, list = rest): number =>
    list.reduce((total, op) => total + of(op), 0);
  const aside = (name: string, calls: string, ms: number, bytes = ''): string[] => [
    ...[name, '', calls, ms.toFixed(3), '', percent(ms), bytes, ''],
  ];
  if (rest.length > 0) {
    rows.push(
      aside(
        `(${rest.length} more)`,
        String(sum((op) => op.calls)),
        sum((op) => op.totalMs),
        bytesText(sum((op) => op.bytes)),
      ),
    );
  }
  const inOps = sum((op) => op.totalMs, ops.slice());
  rows.push(aside('(between ops)', '', Math.max(wallMs - inOps, 0)));
  const lines = layOut([head, ...rows]);
  lines.push(`${wallMs.toFixed(3)} ms in all, ${inOps.toFixed(3)} ms in ops`);
  if (dropped > 0) lines.push(`${dropped} ops beyond the limit of maxEvents were not noted`);
  return lines.join('\n');
}
