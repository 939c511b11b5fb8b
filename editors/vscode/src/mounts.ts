// Which mount a folder lies on, from the kernel's list.

/** Whether a folder lies on the root's own file system, and on no volume. True where the list says nothing. */
export function isOnTheRoot(folder: string, mountinfo: string): boolean {
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined)
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));
  const over = points.filter((point) => point !== '/' && (folder === point || folder.startsWith(`${point}/`)));
  return over.length === 0;
}
