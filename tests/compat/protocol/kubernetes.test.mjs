// docs/kubernetes.yaml without Kubernetes: the server as its pod runs it, asked by the probes, and
// told to end as a kubelet does.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AS_WEBSOCKET } from '../support/curl.mjs';
import { imageEnvironment, read, readManifest } from '../support/manifest.mjs';
import { makeNetwork, noNetworks } from '../support/network.mjs';
import { within } from '../support/wire.mjs';

const POD = '10.244.1.5';
const NODE = '10.244.1.1';

const { ConfigMap, Deployment, Service } = readManifest('docs/kubernetes.yaml');
const { template, selector, strategy, replicas } = Deployment.spec;
const pod = template.spec;
const [container] = pod.containers;
const ports = Object.fromEntries(container.ports.map((each) => [each.name, each.containerPort]));

const seconds = (text) => Number.parseInt(text, 10);
const settings = Object.fromEntries(
  ConfigMap.data['peerjsd.conf']
    .trim()
    .split('\n')
    .map((line) => line.split(/\s*=\s*/)),
);

const directory = mkdtempSync(join(tmpdir(), 'peerjsd-kubernetes-'));
let network;
let server;

/** The container's environment, with the one path that is the cluster's. */
function environment() {
  const own = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  const mounted = `${container.volumeMounts[0].mountPath}/peerjsd.conf`;
  assert.equal(own.PEERJSD_CONFIG, mounted);
  const file = join(directory, 'peerjsd.conf');
  writeFileSync(file, ConfigMap.data['peerjsd.conf']);
  return { ...imageEnvironment(), ...own, PEERJSD_CONFIG: file };
}

/** The status of the answer to a probe, as the node asks it. */
async function probe({ httpGet }) {
  const url = `http://${POD}:${ports[httpGet.port]}${httpGet.path}`;
  const status = ['-o', '/dev/null', '-w', '%{http_code}'];
  const curl = network.enter('curl', 'curl', '-sS', '--interface', NODE, ...status, url);
  await within(curl.ended, 'the end of curl');
  return curl.log();
}

describe('docs/kubernetes.yaml', { skip: noNetworks() }, () => {
  before(async () => {
    network = await makeNetwork({ addresses: [`${POD}/24`, `${NODE}/24`] });
    const env = Object.entries(environment()).map(([name, value]) => `${name}=${value}`);
    server = network.enter('peerjsd', 'env', ...env, process.env.PEERJSD);
    await server.waitForLog(
      new RegExp(`Started PeerServer on ::, port: ${ports.peers}, path: ${settings.path}\n`),
      20_000,
    );
  });

  after(async () => {
    await network?.stop();
    rmSync(directory, { recursive: true });
  });

  test('its parts belong to each other and to the image', () => {
    const [, version] = read('CMakeLists.txt').match(/VERSION (\d+\.\d+\.\d+)/);
    assert.equal(container.image, `peerjsd:${version}`);
    const [, user] = read('docker/Dockerfile').match(/^USER (\d+):/m);
    assert.equal(pod.securityContext.runAsUser, Number(user));
    assert.deepEqual(selector.matchLabels, template.metadata.labels);
    assert.deepEqual(Service.spec.selector, template.metadata.labels);
    assert.ok(Service.spec.ports[0].targetPort in ports);
    assert.equal(pod.volumes[0].configMap.name, ConfigMap.metadata.name);
    assert.equal(pod.volumes[0].name, container.volumeMounts[0].name);
    assert.equal(template.metadata.annotations['prometheus.io/port'], String(ports.operators));
  });

  test('an update has the new pod ready before the old one is told, and time to drain', () => {
    assert.equal(replicas, 1);
    assert.deepEqual(strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
    const told = container.lifecycle.preStop.sleep.seconds;
    assert.ok(pod.terminationGracePeriodSeconds > told + seconds(settings.drain_timeout));
    assert.ok(seconds(settings.expire_timeout) >= seconds(settings.drain_timeout));
  });

  test('the probes are answered, and tell of a drain', async () => {
    const { readinessProbe, livenessProbe } = container;
    assert.deepEqual([await probe(readinessProbe), await probe(livenessProbe)], ['200', '200']);
    assert.equal(await probe({ httpGet: { path: '/metrics', port: 'operators' } }), '200');

    const url = `http://${POD}:${ports.peers}${settings.path}peerjs`;
    const stream = network.enter('stream', 'curl', '-sSN', '-X', 'POST', `${url}/a/token/id`);
    await stream.waitForLog(/"OPEN"/);
    const query = '?key=peerjs&id=b&token=token';
    const silent = network.enter('silent', 'curl', '-sSN', ...AS_WEBSOCKET, url + query);
    await silent.waitForLog(/"OPEN"/);
    server.child.kill('SIGTERM');
    await server.waitForLog(/Stopping: SIGTERM/);
    assert.deepEqual([await probe(readinessProbe), await probe(livenessProbe)], ['503', '200']);
    assert.equal((await within(stream.ended, 'the end of the stream', 25_000)).code, 0);
    await silent.stop();
    assert.equal((await within(server.ended, 'the end of the server')).code, 0);
  });
});
