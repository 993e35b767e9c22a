// Which glibc a Linux binary needs. Each symbol it takes from a library carries a version (`pow@GLIBC_2.29`), and the
// dynamic loader refuses the binary where the library has no such version. Reads the ELF file itself, as binutils need
// not be there: node scripts/glibc-floor.mjs FILE [HIGHEST]
import { readFileSync } from 'node:fs';

/** What the addon may need at most: the glibc of Debian 10, RHEL 8, and of the oldest systems that run Node 20. */
export const highestGlibc = '2.28';

const dynamicSymbols = 11;
const versionsNeeded = 0x6ffffffe;
const versionOfSymbol = 0x6fffffff;

/** The section headers of a 64-bit little-endian ELF file. */
function readSections(file) {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  const start = Number(file.readBigUInt64LE(0x28));
  const [size, count] = [file.readUInt16LE(0x3a), file.readUInt16LE(0x3c)];
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
    };
  });
}

function textAt(file, strings, offset) {
  const start = strings.offset + offset;
  return file.toString('latin1', start, file.indexOf(0, start));
}

/** The number that symbols carry -> the library and its version. */
function readVersions(file, sections) {
  const versions = new Map();
  const section = sections.find(({ type }) => type === versionsNeeded);
  if (!section) return versions;
  const strings = sections[section.link];
  for (let at = section.offset, next = -1; next !== 0; at += next) {
    const library = textAt(file, strings, file.readUInt32LE(at + 4));
    let entry = at + file.readUInt32LE(at + 8);
    for (let left = file.readUInt16LE(at + 2); left > 0; left--) {
      const version = textAt(file, strings, file.readUInt32LE(entry + 8));
      versions.set(file.readUInt16LE(entry + 6), { library, version });
      entry += file.readUInt32LE(entry + 12);
    }
    next = file.readUInt32LE(at + 12);
  }
  return versions;
}

/** The symbols that a binary takes from libraries in a certain version. */
export function versionedSymbols(name) {
  const file = readFileSync(name);
  const sections = readSections(file);
  const versions = readVersions(file, sections);
  const symbols = sections.find(({ type }) => type === dynamicSymbols);
  const numbers = sections.find(({ type }) => type === versionOfSymbol);
  if (!symbols || !numbers) return [];
  const found = [];
  for (let i = 0; i < symbols.size / 24; i++) {
    const at = symbols.offset + i * 24;
    const version = versions.get(file.readUInt16LE(numbers.offset + 2 * i) & 0x7fff);
    if (file.readUInt16LE(at + 6) !== 0 || !version) continue;
    found.push({ symbol: textAt(file, sections[symbols.link], file.readUInt32LE(at)), ...version });
  }
  // The linker may note a version that no symbol has, such as GLIBC_ABI_DT_RELR of glibc 2.36.
  const used = new Set(found.map(({ library, version }) => library + version));
  const bare = [...versions.values()].filter(({ library, version }) => !used.has(library + version));
  return [...found, ...bare.map((version) => ({ symbol: '', ...version }))];
}

const parts = (version) => version.split('.').map(Number);

export function compareVersions(a, b) {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The glibc that a binary needs, and what of it is above `highest`: `pow@GLIBC_2.29`. A symbol of libstdc++ or libgcc
 * is above any, as both are to be linked statically.
 */
export function glibcFloor(name, highest = highestGlibc) {
  let floor = '0';
  const above = [];
  for (const { symbol, library, version } of versionedSymbols(name)) {
    const [, number] = /^GLIBC_([\d.]+)$/.exec(version) ?? [];
    if (number && compareVersions(number, floor) > 0) floor = number;
    if (!number || compareVersions(number, highest) > 0) above.push(`${symbol}@${version} (${library})`);
  }
  return { floor, above };
}

if (process.argv[1] === import.meta.filename) {
  const [, , name, highest = highestGlibc] = process.argv;
  const { floor, above } = glibcFloor(name, highest);
  console.log(`${name} needs glibc ${floor}`);
  for (const symbol of above) console.log(`above ${highest}: ${symbol}`);
  process.exit(above.length ? 1 : 0);
}
