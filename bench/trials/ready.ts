/** Asking which of many descriptors is ready, while one is; and a recv that has nothing. */
import { readyEpoll, readyPoll, readySelect, wouldBlock } from '../peers/index.js';
import { type Trial, tasks } from '../trial.js';

const CASES = ['10', '100', '1000', '10000'];

/** As many calls as take about as long in each case, where a call looks at each descriptor. */
function linear(idle: string): number {
  return 200_000 / Number(idle);
}

const select = {
  ...tasks(linear),
  name: 'ready-select',
  title: 'select with one descriptor ready, by idle ones',
  cases: CASES,
  arms: Object.values(readySelect),
  ours: readySelect.ours,
  yardstick: readySelect.c,
};

const poll = {
  ...tasks(linear),
  name: 'ready-poll',
  title: 'poll with one descriptor ready, by idle ones',
  cases: CASES,
  arms: Object.values(readyPoll),
  ours: readyPoll.into,
  yardstick: readyPoll.c,
};

const epoll = {
  ...tasks(() => 50_000),
  name: 'ready-epoll',
  title: 'epoll with one descriptor ready, by idle ones',
  cases: CASES,
  arms: Object.values(readyEpoll),
  ours: readyEpoll.into,
  yardstick: readyEpoll.c,
};

const nothing = {
  ...tasks(() => 100_000),
  name: 'would-block',
  title: 'A recv on a nonblocking socket that has nothing',
  cases: [''],
  arms: Object.values(wouldBlock),
  ours: wouldBlock.ours,
  yardstick: wouldBlock.c,
};

export const readyTrials: readonly Trial[] = [select, poll, epoll, nothing];
