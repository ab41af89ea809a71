// Arguments for curl, which runs in networks where Node does not.

const KEY = Buffer.from('sixteen bytes :)').toString('base64');
const HEADERS = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
];

/** curl prints what comes on a WebSocket, and answers nothing, not even a Close. */
export const AS_WEBSOCKET = ['-i', '--http1.1', '--output', '-', ...HEADERS.flatMap((each) => ['-H', each])];
