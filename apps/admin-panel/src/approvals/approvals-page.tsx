import { SegmentedControl } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { PageHeader } from '../design/panel';
import { PoliciesPanel } from '../policies/policies-panel';
import { ApprovalsTable } from './approvals-table';
import { WaitingList } from './waiting-list';

const route = getRouteApi('/shell/approvals');
const tabs = [
  { value: 'waiting', label: 'Waiting' },
  { value: 'all', label: 'All requests' },
  { value: 'policies', label: 'Verb policies' },
] as const;

/** What a second person has to look at, what became of it, and which verbs ask for one. */
export const ApprovalsPage = () => {
  const { tab = 'waiting' } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader
        title="Approvals"
        below={
          <span>Commands, and weaker rules for commands, that a second person has to approve first.</span>
        }
        actions={
          <SegmentedControl
            aria-label="What is shown"
            value={tab}
            onChange={(value) => {
              const next = tabs.find((one) => one.value === value)?.value;
              void navigate({ search: next === 'waiting' ? {} : { tab: next }, replace: true });
            }}
            data={[...tabs]}
          />
        }
      />
      {tab === 'waiting' ? <WaitingList /> : tab === 'all' ? <ApprovalsTable /> : <PoliciesPanel />}
    </>
  );
};
