// The signature of a method: leading arguments, then options. It returns a Promise, or takes a Node callback at the end.

import type { Methods } from './wire';
import type { Signal } from './signal';

export type Callback<R> = (error: Error | null, result?: R) => void;

/** A call with leading arguments `A`, options `O` and result `R`, with a Promise or with a callback. */
export interface Call<A extends unknown[], O, R> {
  (...args: [...leading: A, options?: O]): Promise<R>;
  (...args: [...leading: A, callback: Callback<R>]): void;
  (...args: [...leading: A, options: O | undefined, callback: Callback<R>]): void;
}

/** Options of a call: the method's other parameters by name, and a signal that cancels it. */
export type Options<M extends keyof Methods, Leading extends string = never> = Omit<
  Methods[M]['params'],
  Leading | 'handle'
> & { signal?: Signal };

type Value<M extends keyof Methods, Name> = Name extends keyof Methods[M]['params'] ? Methods[M]['params'][Name] : never;
type Values<M extends keyof Methods, L extends readonly string[]> = { -readonly [K in keyof L]: Value<M, L[K]> };

/** The call of one method, with its leading parameters. */
export type MethodCall<M extends keyof Methods, L extends readonly string[] = []> = Call<
  Values<M, L>,
  Options<M, L[number]>,
  Methods[M]['result']
>;

export type Request = (method: string, params: object, signal?: Signal) => Promise<unknown>;

/** Makes the call of a method from the names of its leading parameters. */
export function methodCall<M extends keyof Methods, const L extends readonly string[]>(
  request: Request,
  method: M,
  ...leading: L
): MethodCall<M, L> {
  const call = async (...args: unknown[]): Promise<unknown> => {
    const { signal, ...params } = { ...(args[leading.length] as Options<M> | undefined) };
    leading.forEach((name, index) => ((params as Record<string, unknown>)[name] = args[index]));
    // A copy: changes that the caller makes to its objects after the call must not change the call.
    const copy = JSON.parse(JSON.stringify(params));
    leading.forEach((name, index) => refuseUndefined(args[index], name));
    return request(method, copy, signal);
  };
  return withCallback(leading.length, call) as MethodCall<M, L>;
}

/** Refuses members that JSON drops without an error: the caller would read other data than it has stored. */
function refuseUndefined(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return;
  for (const [name, member] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol') {
      const what = member === undefined ? 'undefined' : `a ${typeof member}`;
      throw new TypeError(`${at} is ${what}, which JSON can't express. Leave it out, or use null.`);
    }
    refuseUndefined(member, at);
  }
}

/** Lets `call`, which has `leading` arguments and then options, also take a callback. */
export function withCallback<A extends unknown[], O, R>(
  leading: number,
  call: (...args: [...leading: A, options?: O]) => Promise<R>,
): Call<A, O, R> {
  const both = (...args: unknown[]): Promise<R> | void => {
    if (args.length <= leading || typeof args.at(-1) !== 'function') return call(...(args as [...A, O?]));
    const callback = args.pop() as Callback<R>;
    // Outside the promise, so that an exception of the callback is not swallowed.
    call(...(args as [...A, O?])).then(
      (result) => process.nextTick(callback, null, result),
      (error) => process.nextTick(callback, error),
    );
  };
  return both as Call<A, O, R>;
}
