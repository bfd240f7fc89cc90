import { argumentsFrom, listenersFrom } from './text-form';

it('splits a command into its arguments', () => {
  expect(argumentsFrom(' nginx  -t ')).toEqual(['nginx', '-t']);
  expect(argumentsFrom('  ')).toBeUndefined();
});

it('reads listeners', () => {
  expect(listenersFrom('127.0.0.1:443, [::1]:8443')).toEqual([
    { host: '127.0.0.1', port: 443 },
    { host: '::1', port: 8443 },
  ]);
  expect(listenersFrom('localhost')).toEqual([{ host: 'localhost', port: Number.NaN }]);
});
