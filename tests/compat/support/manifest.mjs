// The files that people deploy the container with, as they are.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import YAML from 'yaml';

/** The name of a file, given from the top of the project. */
export const source = (file) => fileURLToPath(new URL(`../../../${file}`, import.meta.url));

export const read = (file) => readFileSync(source(file), 'utf8');

/** The environment of the image. */
export function imageEnvironment() {
  const lines = read('docker/Dockerfile').matchAll(/^ENV (\w+)=(\S+)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

/** A compose file in which `variables` are put in as Docker does. */
export function readCompose(file, variables) {
  const text = read(file).replace(/\$\{(\w+)(?::\?[^}]*)?\}/g, (_, name) => {
    if (!(name in variables)) throw new Error(`${file} asks for ${name}`);
    return variables[name];
  });
  return YAML.parse(text);
}

/** Every document of a file for Kubernetes, by its kind. */
export function readManifest(file) {
  const documents = YAML.parseAllDocuments(read(file)).map((each) => {
    if (each.errors.length > 0) throw each.errors[0];
    return each.toJS();
  });
  return Object.fromEntries(documents.map((each) => [each.kind, each]));
}
