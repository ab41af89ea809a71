// A node of a cluster whose way to Redis is slow, as networks are.

import { test } from 'node:test';
import { noSlowNetworks, runInNetwork } from '../support/network.mjs';

test('what passes slowly is not taken for a way on which nothing passes', {
  skip: noSlowNetworks(),
}, () => runInNetwork('slow_way'));
