// The type of a signal that cancels. It is `AbortSignal`, if the caller's project has this type.

export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S extends object } } ? S : NoSignal;

/** Without the types of Node or of a browser, a project has no signals. */
type NoSignal = { readonly aborted: boolean };
