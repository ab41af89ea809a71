'use strict';

// What the page was reached by is what a client can reach the server by.
const { hostname, port, protocol, pathname } = window.location;
const secure = protocol === 'https:';
const path = pathname.endsWith('/') ? pathname : `${pathname}/`;
const options = [
  `host: ${JSON.stringify(hostname)}`,
  `port: ${port || (secure ? 443 : 80)}`,
  `path: ${JSON.stringify(path)}`,
];
if (secure) options.push('secure: true');
document.getElementById('snippet').textContent =
  `const peer = new Peer({\n  ${options.join(',\n  ')}\n});`;
// Where the path stands without its slash, "demo" alone would be beside it.
document.getElementById('demo')?.setAttribute('href', `${path}demo`);
