// How a method of the vault is called: what leads, then options; a Promise, or a Node callback behind.

import type { Methods } from './wire';

export type Callback<R> = (error: Error | null, result?: R) => void;

/** A call with leading arguments `A`, options `O` and result `R`, in both of Node's manners. */
export interface Call<A extends unknown[], O, R> {
  (...args: [...leading: A, options?: O]): Promise<R>;
  (...args: [...leading: A, callback: Callback<R>]): void;
  (...args: [...leading: A, options: O | undefined, callback: Callback<R>]): void;
}

/** What may be passed besides: the method's other parameters by name, and a signal that cancels. */
export type Options<M extends keyof Methods, Leading extends string = never> = Omit<
  Methods[M]['params'],
  Leading | 'handle'
> & { signal?: AbortSignal };

type Value<M extends keyof Methods, Name> = Name extends keyof Methods[M]['params'] ? Methods[M]['params'][Name] : never;
type Values<M extends keyof Methods, L extends readonly string[]> = { -readonly [K in keyof L]: Value<M, L[K]> };

/** The call of one method, with the parameters that lead. */
export type MethodCall<M extends keyof Methods, L extends readonly string[] = []> = Call<
  Values<M, L>,
  Options<M, L[number]>,
  Methods[M]['result']
>;

export type Request = (method: string, params: object, signal?: AbortSignal) => Promise<unknown>;

/** Makes the call of a method from the names of the parameters that lead. */
export function methodCall<M extends keyof Methods, const L extends readonly string[]>(
  request: Request,
  method: M,
  ...leading: L
): MethodCall<M, L> {
  const call = async (...args: unknown[]): Promise<unknown> => {
    const { signal, ...params } = { ...(args[leading.length] as Options<M> | undefined) };
    leading.forEach((name, index) => ((params as Record<string, unknown>)[name] = args[index]));
    // What is meant is what the caller's objects hold now, not when it is their turn.
    return request(method, JSON.parse(JSON.stringify(params)), signal);
  };
  return inBothManners(leading.length, call) as MethodCall<M, L>;
}

/** Lets `call`, which has `leading` arguments and options, take a callback too. */
export function inBothManners<A extends unknown[], O, R>(
  leading: number,
  call: (...args: [...leading: A, options?: O]) => Promise<R>,
): Call<A, O, R> {
  const both = (...args: unknown[]): Promise<R> | void => {
    if (args.length <= leading || typeof args.at(-1) !== 'function') return call(...(args as [...A, O?]));
    const callback = args.pop() as Callback<R>;
    // Outside of the promise, so that what the callback throws is not swallowed.
    call(...(args as [...A, O?])).then(
      (result) => process.nextTick(callback, null, result),
      (error) => process.nextTick(callback, error),
    );
  };
  return both as Call<A, O, R>;
}
