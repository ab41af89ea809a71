// npm peer 0.2.10, the last one with XHR streaming, as its own command starts it, except that it
// listens on one address. Arguments: the address, the port, options of the library as JSON.

import { createServer } from 'node:http';
import express from 'express';
import { ExpressPeerServer } from 'peer-0.2.10';

const [host, port, options] = process.argv.slice(2);
process.on('uncaughtException', (error) => console.error(`Error: ${error}`));

const app = express();
const server = createServer(app);
app.use('/', ExpressPeerServer(server, JSON.parse(options)));
server.listen(Number(port), host, () => {
  console.log(`Started PeerServer on ${host}, port: ${port}`);
});
