// Why this system can't execute a program: it was made for another processor, or for another C library.

import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

/** The numbers of processors in ELF files, by the names that Node has for them. */
const MACHINES: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' };
/** `EBADARCH` of macOS, which Node has no name for. */
const BAD_ARCHITECTURE = -86;

/** A sentence that says why, and what to do; `undefined` if another reason must be the cause. */
export function whyUnsuitable(path: string, error: NodeJS.ErrnoException | undefined): string | undefined {
  const install = `Install plugin-vault for ${process.platform}-${process.arch}.`;
  const machine = machineOf(path);
  if (machine !== undefined && machine !== process.arch) {
    return `${path} was made for the processor ${machine}, and Node runs on ${process.arch}. ${install}`;
  }
  if (error?.errno === BAD_ARCHITECTURE || error?.code === 'UNKNOWN') return `${path} was made for another processor. ${install}`;
  // The file is there, since it was found before. What is missing is the loader that it names.
  if (error?.code === 'ENOENT') {
    return `${path} needs a C library that this system does not have, for example glibc on Alpine Linux. ${install}`;
  }
  return undefined;
}

/**
 * The same before a start. The C library may hand a program for another processor to the shell, which takes its bytes for commands.
 * On a system with an emulator it may well run.
 */
export function whyNotStarted(path: string): string | undefined {
  return hasEmulator() ? undefined : whyUnsuitable(path, undefined);
}

function hasEmulator(): boolean {
  try {
    return readdirSync('/proc/sys/fs/binfmt_misc').some((name) => /qemu|rosetta|fex|box/i.test(name));
  } catch {
    return false;
  }
}

/** The processor of an ELF file. */
function machineOf(path: string): string | undefined {
  const head = Buffer.alloc(20);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  const number = head.readUInt16LE(18);
  return MACHINES[number] ?? `number ${number}`;
}
