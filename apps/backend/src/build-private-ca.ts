import type { Logger, Metrics } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { CompleteConfig } from './config';
import { AuthorityCertifier } from './private-ca/authority-certifier';
import { authorityGauge } from './private-ca/authority-gauge';
import { AuthorityRotation } from './private-ca/authority-rotation';
import { GatewayCertificates } from './private-ca/gateway-certificates';
import { ownNames } from './private-ca/own-names';
import { PrivateCa } from './private-ca/private-ca';
import { revocationListGauge } from './private-ca/revocation-list-gauge';
import { RevocationLists } from './private-ca/revocation-lists';
import { unvouchedGauge } from './private-ca/unvouched-gauge';
import type { Repositories, Store } from './store';

export interface PrivateCaPartsDeps {
  /** On connections of its own. */
  readonly store: Store;
  /** For metrics. */
  readonly shown: Repositories['certificateAuthorities'];
  readonly box: SecretBox;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** viw's own authorities, from one to the next, and what they issue and take back. */
export function buildPrivateCa(
  config: CompleteConfig,
  { store, shown, box, logger, metrics }: PrivateCaPartsDeps,
) {
  const privateCa = new PrivateCa({ store, box, logger });
  const own = { store, ca: privateCa, logger };
  const certifier = new AuthorityCertifier({ excluded: ownNames(config) }, { ...own, box });
  for (const gauge of [revocationListGauge, authorityGauge]) gauge({ authorities: shown, metrics });
  unvouchedGauge({ authorities: shown, ca: privateCa, metrics });
  return {
    privateCa,
    authorityRotation: new AuthorityRotation(
      { announceS: config.BACKEND_CA_ANNOUNCE_S, overlapS: config.BACKEND_CA_OVERLAP_S },
      { ...own, certifier },
    ),
    certifier,
    revocationLists: new RevocationLists(own),
    certificates: new GatewayCertificates(
      { days: config.BACKEND_AGENT_CERTIFICATE_DAYS, overlapS: config.BACKEND_AGENT_KEY_OVERLAP_S },
      { ca: privateCa },
    ),
  };
}
