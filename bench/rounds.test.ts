import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRun, judge, Rounds, type MemorySample } from './rounds.ts';

/** Two samples in each round, the second of them with more memory. */
const samplesOf = (...memory: readonly number[]): MemorySample[] =>
  memory.flatMap((mebibytes, rounds) => [
    { minute: rounds, rounds, mebibytes },
    { minute: rounds + 0.5, rounds, mebibytes: mebibytes + 10 },
  ]);

const told = (...lines: readonly string[]): Rounds => {
  const rounds = new Rounds();
  for (const line of lines) rounds.note(line);
  return rounds;
};

test('rounds are counted when they are whole', () => {
  assert.equal(told('@init', '@ready', '@begin sieve', '@checksum 5', '@end sieve 0').done, 0);
  assert.equal(told('@begin sieve', '@end sieve 0', '@again', '@begin sieve', '@end sieve 0', '@again').done, 2);
});

test('a program that fails, or gives another result than before, is a failure of its round', () => {
  const lines = ['@begin sieve', '@checksum 5', '@end sieve 0', '@begin python', '@checksum 6', '@end python 0'];
  assert.deepEqual(told(...lines, '@again', ...lines).failures, []);
  assert.deepEqual(told(...lines, '@again', '@begin python', '@checksum 5').failures, [
    'round 2: python: another result than before',
  ]);
  assert.deepEqual(told('@begin gcc', '@end gcc 139').failures, ['round 1: gcc: status 139']);
});

test('memory is flat when the last third of the whole rounds takes as much as the second', () => {
  const run = { done: 3, failures: [] };
  // Neither the first third counts nor a round that has only begun.
  assert.deepEqual(judge(run, samplesOf(100, 1000, 1040, 2000)), { verdict: 'flat', first: 1005, last: 1045 });
  assert.deepEqual(judge(run, samplesOf(900, 1000, 1060, 1000)), { verdict: 'grows', first: 1005, last: 1065 });
  const longer = { done: 6, failures: [] };
  assert.equal(judge(longer, samplesOf(100, 200, 1000, 1000, 1040, 1040)).verdict, 'flat');
  assert.equal(judge(longer, samplesOf(100, 200, 1000, 1000, 1000, 1200)).verdict, 'grows');
});

test('memory is not flat before two rounds came after the first', () => {
  for (const done of [0, 1, 2]) {
    const judgement = judge({ done, failures: [] }, samplesOf(1000, 1000, 1000));
    assert.deepEqual(judgement, { verdict: 'too short' });
    assert.match(describeRun(judgement, { done, failures: [] }), new RegExp(`too short after ${done} whole rounds`));
  }
  assert.equal(judge({ done: 3, failures: [] }, samplesOf(1000, 1000, 1000)).verdict, 'flat');
  // Nobody looked.
  assert.equal(judge({ done: 3, failures: [] }, []).verdict, 'too short');
});

test('a run with a failure is not flat, and tells of it', () => {
  const run = { done: 3, failures: ['round 2: gcc: status 1'] };
  const judgement = judge(run, samplesOf(1000, 1000, 1000));
  assert.deepEqual(judgement, { verdict: 'failed' });
  assert.equal(describeRun(judgement, run), 'failed after 3 whole rounds\n  round 2: gcc: status 1\n');
});
