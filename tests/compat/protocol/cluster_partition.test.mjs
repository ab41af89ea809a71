// A node of a cluster that is cut off from Redis without a word.

import { test } from 'node:test';
import { noNetworks, runInNetwork } from '../support/network.mjs';

test('a node that is cut off goes on alone, and yields when it is back', {
  skip: noNetworks(),
}, () => runInNetwork('partition'));
