import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisAclTemplate } from './redis-accounts';

test('deploy/redis/users.acl.template is current', () => {
  const file = join(__dirname, '../../../deploy/redis/users.acl.template');
  expect(readFileSync(file, 'utf8')).toBe(redisAclTemplate());
});
