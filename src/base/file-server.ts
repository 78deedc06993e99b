/** Answers the messages of a file-sharing protocol, one reply to each request. */
export interface FileServer {
  /**
   * Takes one whole request, whose bytes belong to the server until the promise is settled, and gives the whole reply. Any
   * number may be under way, and replies come in any order. Never rejects, whatever the request holds.
   */
  handle(request: Uint8Array): Promise<Uint8Array>;
  /** The guest starts anew: forgets the session and closes its files once what is under way has ended. */
  reset(): void;
}
