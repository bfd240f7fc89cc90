/** How a client certificate names its gateway in a subject alternative name of type URI. */
export const gatewayUri = (agentId: string): string => `urn:viw:gateway:${agentId}`;
