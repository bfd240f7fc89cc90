/** Service name → systemd's word (`active`, `inactive`, `failed`, ...), or `unknown`. */
export type ServiceStates = Record<string, string>;

export interface ServiceStateSource {
  /** One state for each name asked for. */
  read(services: readonly string[]): Promise<ServiceStates>;
}

export const unknownStates: ServiceStateSource = {
  read: async (services) => Object.fromEntries(services.map((name) => [name, 'unknown'])),
};
