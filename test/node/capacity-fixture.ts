import type { CapacityProviderStrategy } from 'aws-cdk-lib/aws-ecs';

export const SPOT: CapacityProviderStrategy[] = [
  { capacityProvider: 'FARGATE', base: 2, weight: 0 },
  { capacityProvider: 'FARGATE_SPOT', weight: 1 },
];
