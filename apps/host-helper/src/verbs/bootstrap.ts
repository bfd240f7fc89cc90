import type { VerbArguments } from '@viw/commands';
import type { BootstrapTokens } from '../bootstrap/bootstrap-tokens';
import type { Executor } from './executor';
import { jsonOutcome } from './executor';

export const generateBootstrap = (tokens: BootstrapTokens): Executor => ({
  available: () => Promise.resolve(true),
  run: async (args) => {
    const { username, session_id, ttl_seconds } = args as VerbArguments<'generate_bootstrap'>;
    return jsonOutcome({ bootstrap_token: await tokens.generate({ username, session_id }, ttl_seconds) });
  },
});

export const revokeBootstrap = (tokens: BootstrapTokens): Executor => ({
  available: () => Promise.resolve(true),
  run: async (args) => {
    const { bootstrap_token } = args as VerbArguments<'revoke_bootstrap'>;
    return jsonOutcome({ revoked: await tokens.revoke(bootstrap_token) });
  },
});
