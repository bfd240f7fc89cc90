import type { Operation } from '@viw/contracts';

/** What was asked for. */
export interface AskedCertificate {
  readonly site: string;
  readonly certificateId: string;
  readonly operationId: string;
  /** `refused`: its server cannot take the certificate, so the former one has to stay in service. */
  readonly expected: 'served' | 'refused';
  /** Lower-case hex SHA-256 of what clients saw before. */
  readonly before: string | undefined;
  /**
   * It may be ordered by a worker that is killed for another's sake before it could store the order, which nobody knows of then.
   * Those that are killed at a point of their own are not: that is where it counts.
   */
  readonly ordersBesideKills?: boolean;
}

/** One answer that clients have seen at a name, as often as they saw it in a row. */
export interface SeenByClients {
  readonly fingerprint: string | undefined;
  readonly error?: string;
  readonly count: number;
}

/** What is found afterwards. */
export interface CertificateEvidence {
  readonly operations: readonly {
    readonly id: string;
    readonly certificateId: string;
    readonly status: Operation['status'];
    readonly error: string | null;
  }[];
  /** The first end of each operation that was seen. */
  readonly firstEnds: ReadonlyMap<string, Operation['status']>;
  /** The CA's own account; `site` as far as it was seen who asked. */
  readonly ca: {
    readonly orders: readonly {
      readonly id: string;
      readonly site: string | undefined;
      /** Whether anybody went on with it after it was made; not known: as if. */
      readonly begun?: boolean;
    }[];
    readonly issued: readonly { readonly orderId: string; readonly serial: string }[];
  };
  readonly versions: readonly {
    readonly certificateId: string;
    readonly serial: string;
    readonly fingerprint: string;
  }[];
  /** What clients see now, by name. */
  readonly served: ReadonlyMap<string, string | undefined>;
  /** What the server's disk holds in its place, by name: served after anybody's next reload. */
  readonly onDisk: ReadonlyMap<string, string | undefined>;
  /** What they have seen all the time, by name. */
  readonly seen: ReadonlyMap<string, readonly SeenByClients[]>;
  /** Answers to challenges that are still there, in words. */
  readonly leftOvers: readonly string[];
  /** Servers on which what lay there would not have started, in words. */
  readonly brokenServers: readonly string[];
}
