// PyTorch's names to the library's: the one place.

/** `max_pool2d` to `maxPool2d`; underscores at the ends stay. */
export function camel(name: string): string {
  // The one parameter that PyTorch writes in capitals.
  if (name === 'UPLO') return 'uplo';
  return name.replace(/(?<=[A-Za-z0-9])_([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `div/floor_rounding` to `div`, `linalg.svd:invariant` to `linalg.svd`. */
export function baseName(op: string): string {
  return op.replace(/[/:].*$/, '');
}

/** Where an op stands in the library: `nn.functional.max_pool2d` at `F.maxPool2d`. */
export function libraryName(op: string): string {
  return baseName(op)
    .replace(/^nn\.functional\./, 'F.')
    .split('.')
    .map(camel)
    .join('.');
}
