import type { Server } from 'node:net';
import type { ChallengeSolver, TlsAlpn01Responder } from '@viw/acme';
import type { ListenerAnswerRepository } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Component } from '@viw/runtime';
import { loadAcme } from './load-acme';

export interface ValidationsDeps {
  /** Shared with the other backends: the CA's connection may reach any of them. */
  readonly answers: Pick<ListenerAnswerRepository, 'put' | 'find'>;
}

/** Answers the CA's TLS-ALPN-01 validations on the listener itself, so that no other port has to be open. */
export class Validations implements Component {
  readonly name = 'listener-validations';
  #server: Server | undefined;
  #responder: TlsAlpn01Responder | undefined;
  /** Of the claim for which this backend orders; one at a time. */
  #fencing = 0;

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
      put: async (key: string, answer: string) => {
        if (await answers.put(key, answer, this.#fencing)) return true;
        throw new AppError('CONFLICT', "the claim on the listener's certificate is lost");
      },
      // It goes with the end of the attempt, in the same statement. Taken back by whoever has lost the claim, it would be missing when the
      // CA looks for it, and void the order with which another backend goes on.
      remove: async () => undefined,
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

  /**
   * @param fencing of the claim that this backend has now
   * @throws AppError UNAVAILABLE before `start`
   */
  async solver(fencing: number): Promise<ChallengeSolver> {
    const responder = this.#responder;
    if (!responder) throw new AppError('UNAVAILABLE', 'validations cannot be answered');
    this.#fencing = fencing;
    return {
      type: responder.type,
      present: (challenge, signal) => responder.present(challenge, signal),
      cleanup: (challenge) => responder.cleanup(challenge),
    };
  }
}
