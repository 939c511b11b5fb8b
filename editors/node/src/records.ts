// The calls whose data is an object of the caller. Its type is the caller's: an `interface` as well as a `type`. What was stored is
// not checked against it when it is read.

import type { Call, Callback, Options } from './calls';
import type { Context, JsonObject, Methods, PersistentRecord as WireRecord } from './wire';

/** A record with the data of its type. */
export type PersistentRecord<T extends object = JsonObject> = Omit<WireRecord, 'data'> & { data: T };

type ReadOptions = Options<'getPersistentData', 'context'>;

/** A `Call` that reads an object, or `null`. */
export interface DataCall {
  <T extends object = JsonObject>(context: Context, options?: ReadOptions): Promise<T | null>;
  <T extends object = JsonObject>(context: Context, callback: Callback<T | null>): void;
  <T extends object = JsonObject>(context: Context, options: ReadOptions | undefined, callback: Callback<T | null>): void;
}

/** A `Call` that reads a record, or `null`. */
export interface RecordCall {
  <T extends object = JsonObject>(context: Context, options?: ReadOptions): Promise<PersistentRecord<T> | null>;
  <T extends object = JsonObject>(context: Context, callback: Callback<PersistentRecord<T> | null>): void;
  <T extends object = JsonObject>(
    context: Context,
    options: ReadOptions | undefined,
    callback: Callback<PersistentRecord<T> | null>,
  ): void;
}

/** Calls that write an object. */
export type SetCall = WriteCall<'setPersistentData', 'data'>;
export type PatchCall = WriteCall<'patchPersistentData', 'patch'>;

type WriteCall<M extends keyof Methods, Data extends string> = Call<
  [context: Context, data: object],
  Options<M, 'context' | Data>,
  Methods[M]['result']
>;
