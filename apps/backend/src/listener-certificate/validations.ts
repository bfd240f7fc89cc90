import type { Server } from 'node:net';
import type { ChallengeSolver, TlsAlpn01Responder } from '@viw/acme';
import type { ListenerAnswerRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Component } from '@viw/runtime';
import { loadAcme } from './load-acme';

export interface ValidationsDeps {
  /** Shared with the other backends: the CA's connection may reach any of them. */
  readonly answers: Pick<ListenerAnswerRepository, 'put' | 'find' | 'remove'>;
}

/** Answers the CA's TLS-ALPN-01 validations on the listener itself, so that no other port has to be open. */
export class Validations implements Component {
  readonly name = 'listener-validations';
  #server: Server | undefined;
  #responder: TlsAlpn01Responder | undefined;

  constructor(
    private readonly options: { readonly names: readonly string[] },
    private readonly deps: ValidationsDeps,
  ) {}

  /** Before `start`. */
  answerOn(server: Server): void {
    this.#server = server;
  }

  async start(): Promise<void> {
    const { answers } = this.deps;
    const { TlsAlpn01Responder, openValidationDoor } = await loadAcme();
    const shared = {
      // One backend orders at a time: what it finds is of one whose claim is lost.
      put: async (key: string, answer: string, holder: string) => {
        await answers.put(key, answer, holder);
        return true;
      },
      remove: (key: string, answer: string, holder: string) => answers.remove(key, answer, holder),
      // Strangers ask for whatever they like: Postgres is not asked for that.
      find: async (key: string) => (this.options.names.includes(key) ? answers.find(key) : undefined),
    };
    const responder = new TlsAlpn01Responder({}, { shared });
    await responder.start();
    this.#responder = responder;
    if (this.#server) openValidationDoor(this.#server, () => this.#responder);
  }

  async stop(): Promise<void> {
    const responder = this.#responder;
    this.#responder = undefined;
    await responder?.stop();
  }

  /** @throws AppError UNAVAILABLE before `start` */
  async solver(): Promise<ChallengeSolver> {
    if (!this.#responder) throw new AppError('UNAVAILABLE', 'validations cannot be answered');
    return this.#responder;
  }
}
