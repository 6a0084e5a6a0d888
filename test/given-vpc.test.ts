import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { EfsStorage, PostgresDatabase, RabbitMqBroker, ValkeyCache } from '../lib';
import { newPlace } from './part-fixture';

const PARTS = { EfsStorage, PostgresDatabase, RabbitMqBroker, ValkeyCache };

test.each(Object.entries(PARTS))('%s does not take an id for a VPC, nor nothing', (_, Part) => {
  const make = (vpc: unknown) => () => new Part(newPlace().stack, 'Crm', { vpc: vpc as IVpc });
  expect(make('vpc-1')).toThrow(
    "[Prod/Crm]: `vpc` must be a construct, got: string. Where there is one already, import it: Vpc.fromLookup(this, 'Vpc', { vpcId }).",
  );
  expect(make(undefined)).toThrow('[Prod/Crm]: `vpc` must be a construct, got: nothing.');
});
