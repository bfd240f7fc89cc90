export interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

export type Reply =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };
