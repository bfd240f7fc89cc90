import type { AgentFrame } from '@viw/contracts';
import type { HubLink } from '../connection/hub-connection';

/** The way to the hub for everything that is said within a session: open from WELCOME until the session's end. */
export class Uplink implements HubLink {
  #link: HubLink | undefined;

  open(link: HubLink): void {
    this.#link = link;
  }

  close(): void {
    this.#link = undefined;
  }

  get isOpen(): boolean {
    return this.#link !== undefined;
  }

  /** False when there is no session, or it takes no more. */
  send(frame: AgentFrame): boolean {
    return this.#link?.send(frame) ?? false;
  }
}
