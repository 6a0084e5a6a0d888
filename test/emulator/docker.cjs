#!/usr/bin/env node
// Stands in for Docker where the CDK CLI publishes images into the local AWS: no image is built. It knows the calls that
// the CLI makes (CDK_DOCKER names it), wants what Docker would want of them, and tells the local ECR of what is pushed.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const REGISTRY = /^(\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)\/([^:]+):(.+)$/;
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
/** Options of `build` that are followed by a value. */
const VALUES = ['--tag', '--file', '--platform', '--target', '--build-arg', '--network'];

const commands = { build, tag, login, push, inspect };

async function main(all) {
  const [command, ...args] = all[0] === '--config' ? all.slice(2) : all;
  if (!commands[command]) throw new Error(`the stand-in for Docker does not know \`docker ${command}\``);
  await commands[command](args);
}

function build(args) {
  const options = {};
  const rest = [];
  for (let index = 0; index < args.length; index++) {
    if (VALUES.includes(args[index])) options[args[index]] = args[++index];
    else rest.push(args[index]);
  }
  const [directory, ...unknown] = rest;
  if (unknown.length > 0) throw new Error(`the stand-in for Docker does not know \`docker build ${rest.join(' ')}\``);
  const file = path.resolve(directory, options['--file'] ?? 'Dockerfile');
  if (!fs.existsSync(file)) throw new Error(`failed to read dockerfile: open ${file}: no such file or directory`);
  if (!/^\s*FROM\s+\S+/im.test(fs.readFileSync(file, 'utf8'))) throw new Error(`no build stage in ${file}`);
}

/** What it has built nobody asks for but by this, and it says no: the next build costs nothing. */
function inspect([name]) {
  throw new Error(`No such object: ${name}`);
}

function tag([from, to]) {
  if (!from || !to) throw new Error('docker tag requires exactly 2 arguments');
}

function login(args) {
  if (!args.includes('--password-stdin') || !fs.readFileSync(0, 'utf8').trim()) throw new Error('Password Required');
}

async function push(args) {
  const [, , region, repositoryName, imageTag] = REGISTRY.exec(args.at(-1)) ?? [];
  if (!repositoryName) throw new Error(`${args.at(-1)} is in no registry of the local AWS`);
  const digest = `sha256:${createHash('sha256').update(`${repositoryName}:${imageTag}`).digest('hex')}`;
  const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, layers: [{ digest }] });
  const response = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': 'AmazonEC2ContainerRegistry_V20150921.PutImage',
      Authorization: `AWS4-HMAC-SHA256 Credential=docker/20200101/${region}/ecr/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ repositoryName, imageTag, imageManifest }),
  });
  if (!response.ok) throw new Error(await response.text());
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`Error: ${error.message}`);
  process.exitCode = 1;
});
