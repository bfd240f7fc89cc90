import { randomUUID } from 'node:crypto';
import type { StreamContract, StreamName } from '@viw/contracts';
import { streamContracts } from '@viw/contracts';
import { decodeEntry, encodeEntry } from '@viw/streams';
import type { Chance } from '../../chance';
import type { Planted } from '../../ledger/dead-letter-ledger';
import { damaged } from './fuzz';

type Fields = readonly string[];

function contractOf(stream: StreamName): StreamContract {
  const contract = streamContracts.find((each) => each.stream === stream);
  if (!contract) throw new Error(`${stream} has no contract`);
  return contract;
}

const healthy = (contract: StreamContract): string[] => [
  ...encodeEntry(contract, structuredClone(contract.examples[0])).fields,
];

function withField(fields: Fields, name: string, value: string): string[] {
  return fields.map((field, i) => (i > 0 && fields[i - 1] === name && i % 2 === 1 ? value : field));
}

function withoutField(fields: Fields, name: string): string[] {
  const at = fields.findIndex((field, i) => i % 2 === 0 && field === name);
  return fields.filter((_, i) => i !== at && i !== at + 1);
}

const bodyOf = (fields: Fields): string => fields[fields.indexOf('body') + 1] ?? '';

/** Ways in which an entry can be wrong so that the contract refuses it. */
const malformations: readonly ((fields: Fields) => Fields)[] = [
  () => ['hello', 'world'],
  (fields) => withoutField(fields, 'body'),
  (fields) => withoutField(fields, 'event_id'),
  (fields) => withoutField(fields, 'ts'),
  (fields) => withoutField(fields, 'v'),
  (fields) => withField(fields, 'event_id', "' OR 1=1 --"),
  (fields) => withField(fields, 'ts', 'yesterday'),
  (fields) => withField(fields, 'v', '999'),
  (fields) => withField(fields, 'v', '1e0'),
  (fields) => withField(fields, 'body', 'not json'),
  (fields) => withField(fields, 'body', ''),
  (fields) => withField(fields, 'body', 'null'),
  (fields) => withField(fields, 'body', '[]'),
  (fields) => withField(fields, 'body', '{"__proto__":{"admin":true},"constructor":{"prototype":{}}}'),
  (fields) => withField(fields, 'body', bodyOf(fields).slice(0, -2)),
  (fields) => withField(fields, 'body', '['.repeat(50_000)),
  (fields) => withField(fields, 'body', `"${'x'.repeat(500_000)}"`),
];

/** Entries that the contract accepts and Postgres refuses: the batch they are in must survive them. */
const hostileBodies: Partial<Record<StreamName, readonly object[]>> = {
  'viw.command_results': [{ result: { rc: 2 ** 40 } }],
  'viw.telemetry': [{ frames: [{ metrics: { version: 'nul \u0000 byte' } }] }],
  'viw.agent_events': [{ event: { data: { note: 'nul \u0000 byte' } } }],
  'viw.agent_hello': [{ hello: { hostname: 'nul \u0000 byte' } }],
};

/** Every kind of malformed and hostile entry for a stream, ready to be planted. */
export function poisonEntries(stream: StreamName): Planted[] {
  const contract = contractOf(stream);
  const malformed = malformations.map((damage) => damage(healthy(contract)));
  const hostile = (hostileBodies[stream] ?? []).map(
    (body) => encodeEntry(contract, overlay(structuredClone(contract.examples[0]), body)).fields,
  );
  return [...malformed, ...hostile].map((fields) => mark(stream, fields));
}

/** Healthy entries damaged at random; those that the contract still accepts are left out. */
export function fuzzedEntries(stream: StreamName, count: number, chance: Chance): Planted[] {
  const contract = contractOf(stream);
  const entries: Planted[] = [];
  while (entries.length < count) {
    const fields = fuzz(healthy(contract), chance);
    try {
      decodeEntry(contract, fields);
    } catch {
      entries.push(mark(stream, fields));
    }
  }
  return entries;
}

function mark(stream: StreamName, fields: Fields): Planted {
  const id = randomUUID();
  return { mark: id, stream, fields: [...fields, 'mark', id] };
}

function fuzz(fields: string[], chance: Chance): string[] {
  const result = [...fields];
  for (let rounds = chance.int(1, 3); rounds > 0; rounds--) {
    const at = chance.int(0, result.length - 1);
    result[at] = damaged(result[at] ?? '', chance);
  }
  return result;
}

/** `changes` laid over `base`, objects and lists member by member. */
function overlay(base: unknown, changes: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(changes))
    return base.map((item: unknown, i) => (i in changes ? overlay(item, changes[i]) : item));
  if (isObject(base) && isObject(changes)) {
    return {
      ...base,
      ...Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, overlay(base[key], value)])),
    };
  }
  return changes;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
