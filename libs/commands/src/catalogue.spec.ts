import { commandClaims, verbList } from '@viw/contracts';
import type { AppError } from '@viw/runtime';
import { catalogue, describeVerbs, findVerb, parseArguments, parseResult } from './catalogue';

const specified = [
  'create_panel_user create_openvpn_user delete_user list_users spawn_container stop_container list_containers',
  'terminate_session get_session_status get_system_health get_service_status get_monitoring_data',
  'generate_bootstrap revoke_bootstrap tail_logs reload_service restart_agent',
]
  .join(' ')
  .split(' ');

const vpnUser = {
  username: 'alice',
  userpass: 'correct horse',
  source_ip: '192.0.2.7',
  key: 'S2V5S2V5S2V5S2V5',
  hmac_key: 'SG1hY0htYWNIbWFj',
  timeout: 60,
};

const codeOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    return (error as AppError).code;
  }
  return 'accepted';
};

describe('catalogue', () => {
  it('has exactly the specified verbs, each under its own name', () => {
    expect(Object.keys(catalogue).sort()).toEqual([...specified].sort());
    for (const [name, definition] of Object.entries(catalogue)) expect(definition.verb).toBe(name);
    expect(findVerb('toString')).toBeUndefined();
  });

  it('has names that leave room for the version of a policy in what is signed', () => {
    for (const verb of Object.keys(catalogue))
      expect(commandClaims.shape.policy_id.safeParse(`${verb}@${Number.MAX_SAFE_INTEGER}`).success).toBe(
        true,
      );
  });

  it('names only existing arguments as secret', () => {
    for (const definition of Object.values(catalogue)) {
      const names = Object.keys(definition.arguments.shape);
      expect(names).toEqual(expect.arrayContaining([...definition.secretArguments]));
    }
  });

  it('describes every verb by JSON Schema that refuses unknown members', () => {
    const items = describeVerbs();
    expect(verbList.safeParse({ items }).success).toBe(true);
    for (const { arguments: schema } of items) expect(schema).toMatchObject({ additionalProperties: false });
    const tailLogs = items.find(({ verb }) => verb === 'tail_logs');
    expect(tailLogs?.arguments).toMatchObject({
      required: ['unit'],
      properties: { lines: { minimum: 1, maximum: 1_000, default: 200 } },
    });
  });

  it('fills in defaults', () => {
    expect(parseArguments('tail_logs', { unit: 'openvpn' })).toEqual({ unit: 'openvpn', lines: 200 });
  });

  it.each([
    ['create_panel_user', { username: 'al', password: 'long enough' }],
    ['create_panel_user', { username: 'alice\n', password: 'long enough' }],
    ['create_panel_user', { username: '-rf', password: 'long enough' }],
    ['create_panel_user', { username: 'alice;id', password: 'long enough' }],
    ['create_panel_user', { username: 'a'.repeat(65), password: 'long enough' }],
    ['create_panel_user', { username: 'alice', password: 'short' }],
    ['create_panel_user', { username: 'alice', password: 'long\nenough' }],
    ['create_panel_user', { username: 'alice', password: 'long\0enough' }],
    ['create_panel_user', { username: 'alice', password: 'long enough', admin: true }],
    ['create_panel_user', { username: 'alice', password: { sealed: 'x' } }],
    ['create_openvpn_user', { ...vpnUser, source_ip: '192.0.2.7\n' }],
    ['create_openvpn_user', { ...vpnUser, source_ip: '2001:db8::1' }],
    ['create_openvpn_user', { ...vpnUser, key: 'S2V5S2V5\nREQUIRE_USERNAME root' }],
    ['create_openvpn_user', { ...vpnUser, timeout: 59 }],
    ['create_openvpn_user', { ...vpnUser, timeout: '60' }],
    ['tail_logs', { unit: '../etc/shadow' }],
    ['tail_logs', { unit: '--root=x' }],
    ['tail_logs', { unit: 'openvpn', lines: 1_001 }],
    ['spawn_container', { username: 'alice', session_id: 's1', cpu: 0.4 }],
    ['generate_bootstrap', { username: 'alice', session_id: 's1', ttl_seconds: 0 }],
    ['list_users', { all: true }],
  ])('refuses %s %j', (verb, args) => {
    expect(codeOf(() => parseArguments(verb, args))).toBe('VALIDATION_FAILED');
  });

  it('accepts what is good and says where the rest is wrong, without the value', () => {
    expect(parseArguments('create_openvpn_user', vpnUser)).toEqual(vpnUser);
    const attempt = () =>
      parseArguments('create_panel_user', { username: 'x!', password: 'pässwörd öf mine' }, 'parameters');
    expect(attempt).toThrow(/parameters\.username/);
    expect(attempt).not.toThrow(/x!/);
    expect(codeOf(() => parseArguments('format_disk', {}))).toBe('UNKNOWN_VERB');
  });

  it('checks results', () => {
    expect(parseResult('list_users', '{"users":["alice"]}')).toEqual({ users: ['alice'] });
    expect(parseResult('create_panel_user', 'user alice created\n')).toBe('user alice created\n');
    expect(codeOf(() => parseResult('list_users', '{"users":'))).toBe('SCHEMA_MISMATCH');
    expect(codeOf(() => parseResult('list_users', '[]'))).toBe('SCHEMA_MISMATCH');
  });
});
