import { newSerialNumber, serialOctets } from './serial-number';

it('a serial number has 128 bits; as an INTEGER it is positive and as short as can be', () => {
  expect(newSerialNumber()).toMatch(/^[0-9a-f]{32}$/);
  expect(serialOctets('7f00')).toBe('7f00');
  expect(serialOctets('8000')).toBe('008000');
  expect(serialOctets('000012')).toBe('12');
  expect(serialOctets('0000ff')).toBe('00ff');
});
