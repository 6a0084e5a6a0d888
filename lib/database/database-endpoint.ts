import * as rds from 'aws-cdk-lib/aws-rds';
import type { IConstruct } from 'constructs';
import { pathOf, referredAttribute } from '../app-resources';
import { checkHost } from '../host-and-port';
import { invalidProp, isKnown } from '../invalid-prop';
import { checkCa, type DatabaseCa, kindOf } from './database-ca';

const RDS = /\.rds\.amazonaws\.com(\.cn)?$/;
const RDS_PROXY = /\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\./;
const AURORA_READERS = /\.cluster-ro-[a-z0-9]+\.[a-z0-9-]+\.rds\./;

/** An address, by what it is of RDS. */
interface Endpoint {
  readonly name: string;
  /** Where it is known. */
  readonly engine?: string;
  /** The property that makes it a replica. */
  readonly replicaBy?: string;
  readonly kind: 'readers of Aurora' | 'readers of a proxy' | 'proxy' | 'Aurora Serverless v1' | 'server';
}

/** Looks at what is known of an address: nobody can write to readers, and who has signed the certificates of RDS and of its proxies. */
export function checkServer(scope: IConstruct, prop: string, host: string, caProp: string, ca: DatabaseCa) {
  checkHost(scope, prop, host);
  checkCa(scope, caProp, ca);
  const endpoint = knownEndpoint(host);
  if (endpoint === undefined) return;
  const { name, kind, engine, replicaBy } = endpoint;
  if (engine !== undefined && isKnown(engine) && !/^(aurora-)?postgres(ql)?$/i.test(engine)) {
    throw invalidProp(scope, {
      prop,
      problem: `is that of ${name}, which is ${engine}, and this cluster speaks to PostgreSQL`,
      remedy: 'Give that of an RDS PostgreSQL or Aurora PostgreSQL',
    });
  }
  if (replicaBy !== undefined) {
    throw invalidProp(scope, {
      prop,
      problem: `is that of ${name}, which is made as a read replica (\`${replicaBy}\`), to which nobody can write`,
      remedy: `Give that of the database which it is a replica of. If it has been promoted, take \`${replicaBy}\` out of it`,
    });
  }
  if (kind === 'readers of Aurora') {
    throw invalidProp(scope, {
      prop,
      problem: `${name} is the reader endpoint of an Aurora cluster, to which nobody can write`,
      remedy: 'Give the cluster endpoint, the one without -ro',
    });
  }
  if (kind === 'readers of a proxy') {
    throw invalidProp(scope, {
      prop,
      problem: `${name} is a read-only endpoint of an RDS Proxy, to which nobody can write`,
      remedy: 'Give the endpoint of the proxy itself',
    });
  }
  const authority = kindOf(ca);
  if (authority === 'rds' && kind === 'proxy') {
    throw invalidProp(scope, {
      prop: caProp,
      problem: `is the root of RDS, and ${name} is an RDS Proxy, whose certificate is of a public authority`,
      remedy: 'Use DatabaseCa.wellKnown()',
    });
  }
  if (authority === 'well-known' && kind === 'server') {
    throw invalidProp(scope, {
      prop: caProp,
      problem: `are the public authorities, and the certificate of ${name} is of RDS's own`,
      remedy: 'Use DatabaseCa.rds()',
    });
  }
}

/** What is known of an address. */
export function knownEndpoint(host: string): Endpoint | undefined {
  return endpointOfApp(host) ?? endpointByName(host);
}

function endpointOfApp(host: string): Endpoint | undefined {
  const { resource, attribute } = referredAttribute(host) ?? {};
  if (resource === undefined) return undefined;
  const name = pathOf(resource);
  if (rds.CfnDBCluster.isCfnDBCluster(resource)) {
    const replicaBy = resource.replicationSourceIdentifier === undefined ? undefined : 'replicationSourceIdentifier';
    const kind = resource.engineMode === 'serverless' ? 'Aurora Serverless v1' : 'server';
    return {
      name,
      kind: attribute === 'ReadEndpoint.Address' ? 'readers of Aurora' : kind,
      engine: resource.engine,
      replicaBy,
    };
  }
  if (rds.CfnDBInstance.isCfnDBInstance(resource)) {
    return { name, kind: 'server', engine: resource.engine, replicaBy: replicaBy(resource) };
  }
  if (rds.CfnDBProxy.isCfnDBProxy(resource)) return { name, kind: 'proxy', engine: resource.engineFamily };
  if (rds.CfnDBProxyEndpoint.isCfnDBProxyEndpoint(resource)) {
    return { name, kind: resource.targetRole === 'READ_ONLY' ? 'readers of a proxy' : 'proxy' };
  }
  return undefined;
}

/** One that is restored to a point in time has a source as well, and takes writes. */
function replicaBy(instance: rds.CfnDBInstance): string | undefined {
  const { restoreTime, useLatestRestorableTime } = instance;
  if (restoreTime || useLatestRestorableTime) return undefined;
  return (['sourceDbInstanceIdentifier', 'sourceDbClusterIdentifier'] as const).find(
    (prop) => instance[prop] !== undefined,
  );
}

function endpointByName(host: string): Endpoint | undefined {
  if (!isKnown(host)) return undefined;
  const name = `'${host}'`;
  if (AURORA_READERS.test(host)) return { name, kind: 'readers of Aurora' };
  if (RDS_PROXY.test(host)) return { name, kind: 'proxy' };
  return RDS.test(host) ? { name, kind: 'server' } : undefined;
}
