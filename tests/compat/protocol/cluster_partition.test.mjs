// A node of a cluster that is cut off from Redis without a word.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeNetwork, noNetworks } from '../support/network.mjs';
import { within } from '../support/wire.mjs';

const PROGRAM = fileURLToPath(new URL('../support/partition.mjs', import.meta.url));

test('a node that is cut off goes on alone, and yields when it is back', {
  skip: noNetworks(),
}, async () => {
  const network = await makeNetwork();
  try {
    const program = network.enter('partition', process.execPath, PROGRAM);
    const { code } = await within(program.ended, 'the end of the program', 90_000);
    assert.equal(code, 0, program.log());
    assert.match(program.log(), /all as it should be/);
  } finally {
    await network.stop();
  }
});
