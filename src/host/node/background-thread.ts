// A thread that answers questions one after the other, beside the process's own.

import { MessageChannel, receiveMessageOnPort, Worker, workerData, type MessagePort } from 'node:worker_threads';

/** What the thread is started with. */
interface ThreadData {
  readonly port: MessagePort;
  /** How many questions were posted. */
  readonly posted: Int32Array;
}

/** Starts when it is first asked whether it is ready, and does not keep the process alive. */
export class BackgroundThread<Question, Answer> {
  readonly #program: URL;
  /** Leads to the thread, once that is being started. */
  #port: MessagePort | null = null;
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  /** Who waits for answers, in the order of the questions. */
  readonly #waiting: ((answer: Answer) => void)[] = [];
  #isReady = false;

  /** @param program calls `answerQuestions` */
  constructor(program: URL) {
    this.#program = program;
  }

  /** Whether the thread has started, which takes it a while. */
  get isReady(): boolean {
    this.#port ??= this.#start();
    return this.#isReady;
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const data: ThreadData = { port: port2, posted: this.#posted };
    const worker = new Worker(this.#program, { workerData: data, transferList: [port2] });
    worker.on('error', (error) => {
      throw error;
    });
    port1.once('message', () => {
      this.#isReady = true;
      port1.on('message', (answer: Answer) => this.#waiting.shift()!(answer));
      port1.unref();
    });
    port1.unref();
    worker.unref();
    return port1;
  }

  /**
   * To be called when it is ready.
   * @param transfer buffers in the question, which are handed over
   * @param done is called between other tasks of this thread
   */
  ask(question: Question, transfer: readonly ArrayBuffer[], done: (answer: Answer) => void): void {
    this.#waiting.push(done);
    this.#port!.postMessage(question, transfer);
    Atomics.add(this.#posted, 0, 1);
    Atomics.notify(this.#posted, 0);
  }
}

/**
 * The thread's side: answers for ever. It waits without Node's event loop, which goes round and round, on a processor that
 * others need, while the engine has tasks left for later.
 */
export function answerQuestions<Question, Answer>(answer: (question: Question) => Answer): never {
  const { port, posted } = workerData as ThreadData;
  port.postMessage('ready');
  for (let done = 0; ; done++) {
    // The call may be a late one, for the question before.
    while (Atomics.load(posted, 0) === done) Atomics.wait(posted, 0, done);
    port.postMessage(answer(receiveMessageOnPort(port)!.message as Question));
  }
}
