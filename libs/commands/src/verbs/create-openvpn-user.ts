import { z } from 'zod';
import { fwknopKey, password, username } from './argument-schemas';
import { defineVerb, scriptOutput } from './verb-definition';

/** Host: `add_vpn_user.sh <username> <userpass> <source_ip> <key> <hmac_key> <timeout>`. */
export const createOpenvpnUser = defineVerb({
  verb: 'create_openvpn_user',
  title: 'Create OpenVPN user',
  description:
    'Creates an OpenVPN user and the fwknop entry that opens the port for it. Fails when the user exists.',
  risk: 'change',
  timeout_s: 60,
  idempotent: false,
  arguments: z.strictObject({
    username,
    userpass: password,
    source_ip: z.ipv4().describe('IPv4 address the user knocks from'),
    key: fwknopKey.describe('fwknop key'),
    hmac_key: fwknopKey.describe('fwknop HMAC key'),
    timeout: z.int().min(60).max(86_400).describe('Seconds the port stays open after a knock'),
  }),
  secretArguments: ['userpass', 'key', 'hmac_key'],
  resultFormat: 'text',
  result: scriptOutput,
  secretResults: [],
});
