import { deadLetterId } from '@viw/contracts';
import { placeOf, referenceOf } from './reference';

const encoded = (text: string): string => Buffer.from(text).toString('base64url');

describe('id of a dead letter', () => {
  it.each([
    { stream: 'viw.telemetry', deadId: '1795000000000-0' },
    { stream: 'viw.commands.hub.{p0}hub-1', deadId: '18446744073709551615-18446744073709551615' },
  ])('names $stream and what stands there', (place) => {
    const id = referenceOf(place);
    expect(deadLetterId.parse(id)).toBe(id);
    expect(placeOf(id)).toEqual(place);
  });

  it.each([
    ['nothing', ''],
    ['a UUID', '01936b2e-0000-7000-8000-000000000001'],
    ['an id beyond 64 bits', encoded('18446744073709551616-0@viw.telemetry')],
    ['the id before every entry', encoded('0-0@viw.telemetry')],
    ['an expression of a range', encoded('(1-1@viw.telemetry')],
    ['a key that is not ours', encoded('1-1@session:1')],
    ['a stream with a line break', encoded('1-1@viw.telemetry\n')],
    ['another spelling of the same', `${encoded('1-1@viw.telemetry')}=`],
  ])('%s is none', (_name, text) => {
    expect(placeOf(text)).toBeUndefined();
  });
});
