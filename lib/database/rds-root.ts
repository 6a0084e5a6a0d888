import { Aws, CfnMapping, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { RDS_ROOTS } from './rds-roots.generated';

const ID = 'NocoBaseRdsRoots';

/**
 * The root certificate of RDS (RSA2048-G1) in the stack's region.
 *
 * With a concrete region exactly that root is in the template; without one the
 * template carries them all in a mapping and CloudFormation picks.
 */
export function rdsRoot(scope: Construct, prop: 'database.caCertificate' | 'database.ca'): string {
  const { region } = Stack.of(scope);
  if (!Token.isUnresolved(region) && !RDS_ROOTS[region]) {
    const pem = `fs.readFileSync('${region}.pem', 'utf8')`;
    throw invalidProp(scope, {
      prop,
      problem: `is missing, and this library carries no RDS root for region ${region}`,
      remedy: `Download the region's bundle (see "Using SSL/TLS to encrypt a connection to a DB instance" in the RDS user guide) and pass its RSA2048-G1 root: ${
        prop === 'database.ca' ? `ca: DatabaseCa.pem(${pem})` : `Database.postgres({ caCertificate: ${pem} })`
      }`,
    });
  }
  const mapping = Object.fromEntries(Object.entries(RDS_ROOTS).map(([name, pem]) => [name, { pem }]));
  const stack = Stack.of(scope);
  // One a stack, however many clusters are in it: where it is carried along, it is 40 KB.
  const roots = (stack.node.tryFindChild(ID) ?? new CfnMapping(stack, ID, { mapping, lazy: true })) as CfnMapping;
  return roots.findInMap(Token.isUnresolved(region) ? Aws.REGION : region, 'pem');
}
