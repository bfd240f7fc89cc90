/** What an ACME client asked for. */
export interface AcmeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of a signed request, decoded; undefined for an unsigned one and for POST-as-GET. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

export interface AcmeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Something that Pebble does not do, or not wrongly enough. */
export interface AcmeFault {
  /** Answers in the CA's place, which then hears nothing of the request. */
  answer?(request: AcmeRequest): AcmeAnswer | undefined | Promise<AcmeAnswer | undefined>;
  /** Changes what the CA has answered. */
  change?(request: AcmeRequest, answer: AcmeAnswer): AcmeAnswer | Promise<AcmeAnswer>;
}

/** A problem document (RFC 8555 section 6.7). */
export const problemAnswer = (
  status: number,
  type: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): AcmeAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }),
});

/** The answer with its JSON changed; as it is when it has none. */
export function changeJson(
  answer: AcmeAnswer,
  change: (json: Record<string, unknown>) => Record<string, unknown>,
): AcmeAnswer {
  try {
    const json = JSON.parse(answer.body) as Record<string, unknown>;
    return { ...answer, body: JSON.stringify(change(json)) };
  } catch {
    return answer;
  }
}
