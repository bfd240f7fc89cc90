/** Calls `beat` at a steady pace between start and stop; starting again changes the pace. */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly beat: () => void) {}

  start(everyMs: number): void {
    this.stop();
    this.#timer = setInterval(this.beat, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
