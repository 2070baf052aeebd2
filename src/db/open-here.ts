/** Which database files this process has open itself, by their real paths. Node only. */
const open = new Map<string, number>();

export function isOpenHere(file: string): boolean {
  return open.has(file);
}

export function noteOpened(file: string): void {
  open.set(file, (open.get(file) ?? 0) + 1);
}

export function noteClosed(file: string): void {
  const left = (open.get(file) ?? 1) - 1;
  if (left === 0) open.delete(file);
  else open.set(file, left);
}
