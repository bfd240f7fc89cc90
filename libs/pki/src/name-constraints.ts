import { isIP } from 'node:net';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  NameConstraints,
  id_ce_nameConstraints,
} from '@peculiar/asn1-x509';
import { x509 } from './x509';

/**
 * Critical (RFC 5280 section 4.2.1.10): what an authority signs for one of `names`, or for a DNS name below one, is refused
 * by whoever verifies it. A wildcard one level above a name is not below it: OpenSSL takes that.
 *
 * @param names DNS names without wildcards and IP addresses, at least one
 */
export function excludedNames(names: readonly string[]): x509.Extension {
  const subtrees = names.map((name) => new GeneralSubtree({ base: new GeneralName(baseOf(name)) }));
  const constraints = new NameConstraints({ excludedSubtrees: new GeneralSubtrees(subtrees) });
  return new x509.Extension(id_ce_nameConstraints, true, AsnConvert.serialize(constraints));
}

/** An address with a mask for itself alone. */
const baseOf = (name: string): Partial<GeneralName> =>
  isIP(name) === 0 ? { dNSName: name } : { iPAddress: `${name}/${isIP(name) === 4 ? 32 : 128}` };
