import type { VerbDescription } from '@viw/contracts';
import { missingSecrets, parametersOfArguments, parametersOfText, together } from './given-parameters';

const verb: VerbDescription = {
  ...{ verb: 'make', title: '', description: '', risk: 'change', timeout_s: 1, idempotent: false },
  arguments: {
    properties: {
      name: { type: 'string' },
      port: { type: 'integer' },
      force: { type: 'boolean' },
      tags: { type: 'array' },
      password: { type: 'string' },
      hint: { type: 'string' },
    },
    required: ['name', 'password'],
  },
  secret_arguments: ['password', 'hint'],
};

it('gives each value the type that the verb has for it', () => {
  const pairs = ['name=a=b', 'port=-3', 'force=false', 'tags=["x"]'];
  expect(parametersOfArguments(pairs, verb)).toEqual({ name: 'a=b', port: -3, force: false, tags: ['x'] });
  expect(parametersOfArguments(['name=7'], verb)).toEqual({ name: '7' });
});

it.each([
  [['canary'], /number 1 is not of the form/],
  [['=canary'], /number 1 is not of the form/],
  [['name=a', 'name=canary'], /"name" is given twice/],
  [['canary=1'], /no such parameter/],
  [['toString=canary'], /no such parameter/],
  [['port=canary'], /"port" is a number/],
  [['force=canary'], /"force" is true or false/],
  [['tags=canary'], /"tags" is JSON/],
  [['password=canary'], /"password" of make is secret/],
  [['hint=canary'], /"hint" of make is secret/],
])('refuses %j without repeating a value', (pairs, message) => {
  expect(() => parametersOfArguments(pairs, verb)).toThrow(message);
  expect(() => parametersOfArguments(pairs, verb)).not.toThrow(/canary/);
});

it.each(['canary', '{"a":canary', '["canary"]', '"canary"', 'null'])(
  'takes nothing but a JSON object: not %s',
  (text) => {
    expect(() => parametersOfText(text, 'standard input')).toThrow(/^standard input is no/);
    expect(() => parametersOfText(text, 'standard input')).not.toThrow(/canary/);
  },
);

it('refuses what is given twice, and says which secrets are missing still', () => {
  expect(together({ name: 'a' }, { password: 'b' })).toEqual({ name: 'a', password: 'b' });
  expect(() => together({ name: 'a' }, { name: 'canary' })).toThrow(/^"name" is given by --param and/);
  expect(missingSecrets(verb, { name: 'a' })).toEqual(['password']);
  expect(missingSecrets(verb, { name: 'a', password: '' })).toEqual([]);
});
