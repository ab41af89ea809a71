// A service of an operator that has several addresses, of which one accepts connections and says
// nothing.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../support/dial.mjs';
import { noNetworks, runInNetwork } from '../support/network.mjs';

test('whoever is asked next is asked at another address', { skip: noNetworks() }, async () => {
  const hosts = join(temporaryDirectory(), 'hosts');
  writeFileSync(hosts, '127.0.0.1 localhost\n127.0.0.21 auth.test\n127.0.0.22 auth.test\n');
  await runInNetwork('failover', { hosts });
});
