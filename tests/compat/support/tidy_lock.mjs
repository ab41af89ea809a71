// `npm run relock` runs this after npm has written package-lock.json. It takes out the replaced
// packages (npm 9 cannot read a lock whose overrides name other packages) and funding addresses.

import { readFileSync, writeFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url)));
const replaced = Object.keys(read('package.json').overrides);
const lock = read('package-lock.json');

for (const name of replaced) delete lock.packages[`node_modules/${name}`];
for (const entry of Object.values(lock.packages)) {
  for (const name of replaced) delete entry.dependencies?.[name];
  delete entry.funding;
}
writeFileSync(
  new URL('../package-lock.json', import.meta.url),
  `${JSON.stringify(lock, null, 2)}\n`,
);
