import { PageHeader } from '../design/panel';
import { AcmeAccountsPanel } from './acme-accounts-panel';
import { DnsProvidersPanel } from './dns-providers-panel';
import classes from './issuance.module.css';

/** Where certificates come from, and how it is proved that a name is ours. */
export const IssuancePage = () => (
  <>
    <PageHeader
      title="Issuance"
      below={<span>Accounts at ACME directories, and who may set records to prove names by DNS-01.</span>}
    />
    <div className={classes['list']}>
      <AcmeAccountsPanel />
      <DnsProvidersPanel />
    </div>
  </>
);
