import type { AuditFinding } from '@viw/contracts';
import { auditFindingText } from '@viw/contracts';

/** Findings that are listed; all are counted. */
const LISTED = 100;

/** What a verification has found, in the order in which it came to it. */
export class Findings {
  readonly listed: AuditFinding[] = [];
  total = 0;

  add(finding: Omit<AuditFinding, 'text'>): void {
    this.total++;
    if (this.listed.length < LISTED) this.listed.push({ ...finding, text: auditFindingText[finding.kind] });
  }
}
