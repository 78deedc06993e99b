import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BackgroundThread } from './background-thread.ts';

const module = new URL('background-thread.js', import.meta.url).href;

function threadWith(answer: string): BackgroundThread<number[], number> {
  const text = `import { answerQuestions } from ${JSON.stringify(module)}; answerQuestions(${answer});`;
  return new BackgroundThread(new URL(`data:text/javascript,${encodeURIComponent(text)}`));
}

test('questions are answered in their order, however fast they come', async () => {
  const thread = threadWith('([number]) => number * 2');
  while (!thread.isReady) await setImmediate();
  const answers: number[] = [];
  const count = 5000;
  for (let number = 0; number < count; number++) {
    thread.ask([number], [], (answer) => answers.push(answer));
    // Some while the thread works, some while it waits.
    if (number % 7 === 0) await setImmediate();
  }
  while (answers.length < count) await setImmediate();
  assert.deepEqual(
    answers,
    Array.from({ length: count }, (_, number) => number * 2),
  );
});
