/**
 * The first name that stands twice in one object of a JSON text, or undefined. `JSON.parse` silently takes the last, so that
 * two readers may see two different files. The text must be valid JSON.
 */
export function duplicateName(text: string): string | undefined {
  // For each open object the names so far; null for an open array.
  const open: (Set<string> | null)[] = [];
  let last: string | undefined;
  let at = 0;
  while (at < text.length) {
    switch (text[at]) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(null);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, at);
        last = text.slice(at, end);
        at = end;
        continue;
      }
      case ':': {
        // In valid JSON a colon outside of strings follows a name.
        const name = JSON.parse(last ?? '""') as string;
        const names = open.at(-1);
        if (names?.has(name)) return name;
        names?.add(name);
        break;
      }
      default:
        break;
    }
    at += 1;
  }
  return undefined;
}

/** Behind the closing quote of the string that begins at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}
