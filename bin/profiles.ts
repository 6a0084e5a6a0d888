import type { Profile, Settings } from './schema';

interface ProfileSettings
  extends Partial<Pick<Settings, 'web' | 'database' | 'redis' | 'queue' | 'natGateways' | 'terminationProtection'>> {
  readonly entrance?: { readonly deletionProtection: boolean };
}

/** What a profile decides where the configuration does not. What neither does is the library's default. */
export const PROFILES: { readonly [profile in Profile]: ProfileSettings } = {
  small: {},
  production: {
    web: { minNodes: 2, maxNodes: 8 },
    database: { instanceType: 'db.m7g.large', multiAz: true },
    redis: { nodeType: 'cache.m7g.large' },
    queue: { instanceType: 'mq.m7g.large', deployment: 'CLUSTER_MULTI_AZ' },
    // One in each availability zone.
    natGateways: 2,
    entrance: { deletionProtection: true },
    terminationProtection: true,
  },
};
