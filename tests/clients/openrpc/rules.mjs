// The calls that @open-rpc/test-coverage makes, and the answers that it expects.
//
// The tool calls each method by rules, and has two of its own. Neither is strict enough:
// - Its rule for examples takes the parameters of an example by their order in the method, whatever their names are. So it
//   calls an example that leaves out an optional parameter wrongly. If the result differs, it accepts any of the right type.
// - Its rule for generated calls generates nothing where there are examples, and accepts no error.
//
// So the tool is used as a library, with the rules of this file and the transport of `vault.mjs`. Each call has a process of
// its own with a new store, in which the calls of `x-after` are made first. So revisions are the same each time, and the
// examples contain them. Only times, ids, keys and paths may differ. Generated calls come from the tool's own rule, by name
// and by position.

import { isDeepStrictEqual } from 'node:util';

import Ajv from 'ajv';
import generated from '@open-rpc/test-coverage/build/rules/json-schema-faker-rule.js';

const FakerRule = generated.default;
const ajv = new Ajv({ strict: false, validateFormats: false });

/** What is not the same twice. */
const CHANGING = [/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, /^[0-9a-f]{32}$/, /^[0-9a-f]{40}$/, /^\/.+plugin-vault/];

/** Whether a value is the expected one, but for what is not the same twice. */
export function isLike(expected, value) {
  if (typeof expected === 'string' && typeof value === 'string') {
    return expected === value || CHANGING.some((kind) => kind.test(expected) && kind.test(value));
  }
  if (expected === null || value === null || typeof expected !== 'object' || typeof value !== 'object') {
    return isDeepStrictEqual(expected, value);
  }
  const names = Object.keys(expected).sort();
  return isDeepStrictEqual(names, Object.keys(value).sort()) && names.every((name) => isLike(expected[name], value[name]));
}

/** A call as the tool has it; `url` carries the calls that come before. */
const call = (method, title, params, after, more) => ({
  title,
  methodName: method.name,
  params,
  url: JSON.stringify(after),
  resultSchema: method.result.schema,
  ...more,
});

const judge = (call, why) => {
  call.valid = why === undefined;
  call.reason = why && `${call.methodName} ${JSON.stringify(call.params)}: ${why}`;
  return call;
};

const fits = (schema, value) => (ajv.validate(schema, value) ? undefined : ajv.errorsText());

/** Every example, by name, and by position where it has no more than that allows. */
export class Examples {
  getTitle() {
    return 'the answer is that of the example';
  }

  getCalls(_, method) {
    return (method.examples ?? []).flatMap((example) => {
      const { name: title, params, result, 'x-after': after, 'x-error': isError } = example;
      const expected = { expectedResult: result.value, isError };
      const calls = [];
      const names = method.params.map(({ name }) => name);
      const byPosition = params.every(({ name }, at) => at < method['x-positional'] && names[at] === name);
      if (byPosition && params.length > 0) {
        calls.push(call(method, `${title}, by position`, params.map(({ value }) => value), after, expected));
      }
      const byName = Object.fromEntries(params.map(({ name, value }) => [name, value]));
      calls.push(call(method, title, byName, after, expected));
      return calls;
    });
  }

  validateCall(call) {
    const { expectedResult: expected, isError, error, result } = call;
    if (isError) return judge(call, isLike(expected, error) ? undefined : `got ${JSON.stringify(error ?? result)}`);
    if (error) return judge(call, `got ${JSON.stringify(error)}`);
    // The document itself stands shortened in its own example.
    const same = call.methodName === 'rpc.discover' ? expected.openrpc === result.openrpc : isLike(expected, result);
    return judge(call, same ? fits(call.resultSchema, result) : `got ${JSON.stringify(result)}`);
  }
}

/** The messages that the contract has for an error: one for each reason, or one for the code. */
function messages({ components: { schemas } }, known, { kind, reason, parameter }) {
  const ofKind = schemas[`${kind[0].toUpperCase()}${kind.slice(1)}Data`]?.['x-messages'];
  return ofKind ? (ofKind[reason] ?? []).map((text) => text.replace('{parameter}', parameter)) : [known.message];
}

/** Parameters that the schema generates, by name and by position. */
export class Generated extends FakerRule {
  getCalls(document, method) {
    const after = method.params.some(({ name }) => name === 'handle')
      ? [{ method: 'setAPIKey', params: ['0123456789abcdef0123456789abcdef01234567'] }]
      : [];
    // The tool generates nothing where there are examples.
    const forms = [{ ...method, examples: [], paramStructure: 'by-name' }];
    const positional = method.params.slice(0, method['x-positional']);
    forms.push({ ...method, examples: [], paramStructure: 'by-position', params: positional });
    return forms.flatMap((form) =>
      super.getCalls(document, form).map(({ title, params }) =>
        call(method, `${title}, ${form.paramStructure}`, params, after, { errors: method.errors, document }),
      ),
    );
  }

  validateCall(call) {
    const { error, result, errors, document } = call;
    if (!error) return judge(call, fits(call.resultSchema, result));
    const known = errors.find(({ code }) => code === error.code);
    if (!known || !messages(document, known, error.data).includes(error.message)) {
      return judge(call, `got ${JSON.stringify(error)}`);
    }
    // What a schema can't say: a time that there is not, a folder with the context user, bytes of a name.
    const reason = error.data.reason;
    return judge(call, error.code === -32602 && reason !== 'outOfRange' ? `got ${JSON.stringify(error)}` : undefined);
  }
}
