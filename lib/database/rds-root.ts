import { Aws, CfnMapping, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { invalidProp } from '../invalid-prop';
import { RDS_ROOTS } from './rds-roots.generated';

/**
 * The root certificate of RDS (RSA2048-G1) in the stack's region.
 *
 * With a concrete region exactly that root is in the template; without one the
 * template carries them all in a mapping and CloudFormation picks.
 */
export function rdsRoot(scope: Construct): string {
  const { region } = Stack.of(scope);
  if (!Token.isUnresolved(region) && !RDS_ROOTS[region]) {
    throw invalidProp(scope, {
      prop: 'database.caCertificate',
      problem: `is missing, and this library carries no RDS root for region ${region}`,
      remedy: `Download the region's bundle (see "Using SSL/TLS to encrypt a connection to a DB instance" in the RDS user guide) and pass its RSA2048-G1 root: Database.postgres({ caCertificate: fs.readFileSync('${region}.pem', 'utf8') })`,
    });
  }
  const mapping = Object.fromEntries(Object.entries(RDS_ROOTS).map(([name, pem]) => [name, { pem }]));
  const roots = new CfnMapping(scope, 'RdsRoots', { mapping, lazy: true });
  return roots.findInMap(Token.isUnresolved(region) ? Aws.REGION : region, 'pem');
}
