/** Header names in lower case, as Node.js delivers them. */
export const handshakeHeader = {
  agentId: 'x-agent-id',
  timestamp: 'x-timestamp',
  nonce: 'x-nonce',
  auth: 'x-agent-auth',
} as const;

/** As they are shown to people. */
export const handshakeHeaderLabel = {
  agentId: 'X-Agent-Id',
  timestamp: 'X-Timestamp',
  nonce: 'X-Nonce',
  auth: 'X-Agent-Auth',
} as const satisfies Record<keyof typeof handshakeHeader, string>;
