// Finds the mount of a folder in the kernel's list.

/** Whether a folder is on the root file system, and not on a volume. True if the list does not say. */
export function isOnTheRoot(folder: string, mountinfo: string): boolean {
  const points = mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((point) => point !== undefined)
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));
  const over = points.filter((point) => point !== '/' && (folder === point || folder.startsWith(`${point}/`)));
  return over.length === 0;
}
