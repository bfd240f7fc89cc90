import { Button, Group, Select, Stack, Text } from '@mantine/core';
import type { SurvivalReport } from '@viw/contracts';
import { useState } from 'react';
import { api } from '../data/api';
import { useSubmit } from '../data/use-submit';
import { ErrorNotice } from '../design/notices';
import { Panel } from '../design/panel';
import { StateMark } from '../design/state-mark';
import { AbsoluteTime } from '../design/time-ago';
import { missing, roughDuration } from '../format/times';

const lives = [
  { value: 'present', label: 'As they are' },
  { value: '90', label: '90 days' },
  { value: '45', label: '45 days' },
  { value: '6', label: '6 days' },
];
const outages = [0, 1, 3, 7, 14, 30].map((days) => ({
  value: String(days),
  label: days === 0 ? 'None' : `${days} ${days === 1 ? 'day' : 'days'}`,
}));
const scenarioWords: Record<SurvivalReport['scenarios'][number]['name'], string> = {
  no_outage: 'No outage',
  outage_now: 'Outage from now',
  outage_at_worst_moment: 'Outage at the worst moment',
};

/** What if certificates lived shorter, and the CA were away? Reckoned when asked for. */
export const SurvivalPanel = () => {
  const [life, setLife] = useState('present');
  const [outage, setOutage] = useState('3');
  const [report, setReport] = useState<SurvivalReport>();
  const { pending, error, submit } = useSubmit();
  const ask = (): void =>
    void submit(
      () =>
        api.certificates.survival({
          ...(life === 'present' ? {} : { life_days: Number(life) }),
          ca_outage_days: Number(outage),
        }),
      setReport,
    );
  return (
    <Panel title="Would this fleet survive?">
      <Stack gap="md">
        <Group align="flex-end" gap="sm">
          <Select
            label="Certificates live"
            data={lives}
            value={life}
            onChange={(value) => setLife(value ?? 'present')}
            allowDeselect={false}
          />
          <Select
            label="The CA is away for"
            data={outages}
            value={outage}
            onChange={(value) => setOutage(value ?? '3')}
            allowDeselect={false}
          />
          <Button variant="default" onClick={ask} loading={pending}>
            Reckon
          </Button>
        </Group>
        {error ? <ErrorNotice error={error} retry={ask} /> : null}
        {report ? <Report report={report} /> : null}
      </Stack>
    </Panel>
  );
};

const Report = ({ report }: { report: SurvivalReport }) => (
  <Stack gap="sm" aria-live="polite">
    <Group gap="sm" align="baseline">
      <StateMark
        look={
          report.survives
            ? { shape: 'check', tone: 'good', word: 'Survives' }
            : { shape: 'cross', tone: 'bad', word: 'Does not survive' }
        }
      />
      <Text size="sm">{report.outcome}</Text>
    </Group>
    <table className="plain-table">
      <thead>
        <tr>
          <th>If</th>
          <th className="number">Would end</th>
          <th>The first</th>
          <th className="number">Closest renewal</th>
          <th className="number">Orders in 3 h, at most</th>
          <th className="number">in a week</th>
        </tr>
      </thead>
      <tbody>
        {report.scenarios.map((scenario) => (
          <tr key={scenario.name}>
            <td>{scenarioWords[scenario.name]}</td>
            <td className="number">{scenario.expired}</td>
            <td>
              <First first={scenario.first_expired[0]} />
            </td>
            <td className="number">{marginWords(scenario.least_margin_s)}</td>
            <td className="number">
              {scenario.busiest_3_hours} of {report.limits.orders_per_3_hours}
            </td>
            <td className="number">{scenario.busiest_week}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <Text size="xs" c="dimmed">
      By the stored schedule of {report.certificates} certificates
      {report.durations === null
        ? ''
        : `, and ${report.durations.operations} operations that took ${Math.round(report.durations.p95_s)} s at most but for one in twenty`}
      . Orders are held against Let&apos;s Encrypt&apos;s limit for an account.
    </Text>
  </Stack>
);

const First = ({
  first,
}: {
  first: SurvivalReport['scenarios'][number]['first_expired'][number] | undefined;
}) =>
  first === undefined ? (
    <span className="idle">{missing}</span>
  ) : (
    <>
      {first.names[0]} <AbsoluteTime at={first.at} />
    </>
  );

const marginWords = (seconds: number | null): string => {
  if (seconds === null) return missing;
  const span = roughDuration(seconds * 1_000);
  return seconds < 0 ? `${span} too late` : `${span} before its end`;
};
