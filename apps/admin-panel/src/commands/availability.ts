import type { Gateway, VerbDescription } from '@viw/contracts';

/** Why a verb cannot be run on a gateway now, in words for the person; undefined when it can. */
export const whyUnavailable = (
  verb: Pick<VerbDescription, 'verb' | 'secret_arguments'>,
  gateway: Pick<Gateway, 'state' | 'supported_verbs' | 'has_sealing_key'>,
): string | undefined => {
  if (gateway.state === 'discovered') return 'Adopt this gateway first: it is not in the inventory.';
  if (gateway.state === 'decommissioned') return 'This gateway is decommissioned.';
  if (gateway.state === 'expected') return 'This gateway has never reported, so what it can do is not known.';
  if (!gateway.supported_verbs.includes(verb.verb)) return 'This gateway does not offer it.';
  if (verb.secret_arguments.length > 0 && !gateway.has_sealing_key) {
    return 'It takes a secret, and this gateway has no sealing key to protect one with.';
  }
  return undefined;
};

/** What happens to a command that is sent now, where that is not "at once". */
export const deliveryNote = (gateway: Pick<Gateway, 'state'>): string | undefined =>
  gateway.state === 'offline' || gateway.state === 'lost'
    ? 'Not connected. The command waits for the gateway and expires if it does not return in time.'
    : undefined;
