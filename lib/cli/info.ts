import { info, memory } from '../index.js';
import { packageInfo } from '../package-info.js';

const bytes = (count: number): string => {
  if (count < 1024) return `${count} bytes`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** power).toFixed(1)} ${units[power - 1] ?? ''}`;
};

/** What `lanegrad info` says, as data. */
export function infoReport() {
  const { version, ...rest } = info();
  return {
    version,
    folder: packageInfo().root,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    ...rest,
    memory: memory(),
  };
}

/** `lanegrad info`: version, backend and why, CPU level, threads, memory. */
export function infoText(): string {
  const report = infoReport();
  const { memory: used } = report;
  const level =
    report.isa === report.bestIsa
      ? `${report.isa} (the best here)`
      : `${report.isa} (the best here: ${report.bestIsa})`;
  const rows: [string, string][] = [
    ['lanegrad', report.version],
    ['node', `${report.node}, ${report.platform}`],
    ['backend', `${report.name} (${report.reason})`],
    ['cpu level', level],
    ['bfloat16', report.bf16],
    ['threads', `${report.threads} (from ${report.threadsSource})`],
    ['last cache', report.lastCacheBytes > 0 ? bytes(report.lastCacheBytes) : 'not used'],
    ['pool', `${bytes(used.pooledBytes)} kept for reuse`],
    [
      'memory',
      `${bytes(used.bytes)} in ${used.tensors} tensors, ${used.handles} handles, peak ${bytes(used.peakBytes)}`,
    ],
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)} ${value}`).join('\n');
}
