import { auditSearch, exportAddress, fieldFromInstant, filterOf, instantFromField } from './audit-filter';

describe('the filter of the audit page', () => {
  it('is what the address says, without what makes no sense there', () => {
    const search = auditSearch.parse({
      action: 'session.create',
      outcome: 'perhaps',
      from: 'soon',
      line: '7',
    });
    expect(search.line).toBe(7);
    expect(filterOf(search)).toEqual({ action: 'session.create' });
  });

  it('goes along with the export, escaped', () => {
    const address = exportAddress({ object_id: 'a&format=x', outcome: 'denied' }, 'csv');
    const query = new URL(address, 'https://viw.example.org').searchParams;
    expect(query.getAll('format')).toEqual(['csv']);
    expect(query.get('object_id')).toBe('a&format=x');
  });

  it.each(['utc', 'local'] as const)('says times in the zone that is shown (%s)', (zone) => {
    const at = '2026-11-28T14:03:00.000Z';
    expect(instantFromField(fieldFromInstant(at, zone), zone)).toBe(at);
    expect(fieldFromInstant(at, 'utc')).toBe('2026-11-28T14:03');
    expect([instantFromField('', zone), instantFromField('2026-1', zone)]).toEqual([
      undefined,
      expect.anything(),
    ]);
  });
});
