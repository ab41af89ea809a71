// nginx in front of a server, as people have it there: all of proxy_pass as it comes, which means
// HTTP/1.0 to the server and answers held back in buffers, and Upgrade passed on for the WebSocket.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, startOnFreePort } from './server.mjs';

// Not in every user's PATH.
const NGINX = process.env.NGINX ?? '/usr/sbin/nginx';

/** One process in the foreground, without rights or files outside a directory of its own. */
export async function startNginx(upstream) {
  const directory = await mkdtemp(join(tmpdir(), 'peerjsd-nginx-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const file = join(directory, 'nginx.conf');
  const start = async (port) => {
    await writeFile(file, configuration(upstream, port, directory));
    const args = ['-p', directory, '-c', file, '-e', 'stderr'];
    return launch('nginx', NGINX, args, {});
  };
  try {
    const server = await startOnFreePort(start, /using the "\w+" event method/);
    const { stop } = server;
    return { ...server, stop: (signal) => stop(signal).finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

function configuration(upstream, port, directory) {
  const target = `http://${upstream.host}:${upstream.port}`;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    master_process off;
    error_log stderr notice;
    pid ${directory}/nginx.pid;
    events {}
    http {
      ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n      ')}
      access_log off;
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${target};
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }
        location = /peerjs {
          proxy_pass ${target};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
          proxy_set_header Host $host;
        }
      }
    }
  `;
}
