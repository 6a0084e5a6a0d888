import { NocoBaseImage } from '../lib';
import { environment, synthesize } from './cluster-fixture';

const IMAGE = 'nocobase/nocobase:2.2.15';

test('an upgrade is tried twice, or as often as is said', () => {
  expect(environment(synthesize().template).LAUNCHER_UPGRADE_TRIES).toBe('2');
  expect(environment(synthesize({ upgradeTries: 1 }).template).LAUNCHER_UPGRADE_TRIES).toBe('1');
});

test.each([0, 11, 1.5, Number.NaN])('upgradeTries %p is refused', (upgradeTries) => {
  expect(() => synthesize({ upgradeTries })).toThrow(
    /Prod\/NocoBase.*`upgradeTries`.*whole number between 1 and 10, got: .*Leave it out/s,
  );
});

test('an allowance names the image that is deployed, and no other', () => {
  const image = NocoBaseImage.version('2.2.15');
  const { template } = synthesize({ image, allowOnMigratedDatabase: IMAGE });
  expect(environment(template)).toMatchObject({ LAUNCHER_ON_MIGRATED_DATABASE: IMAGE, LAUNCHER_IMAGE: IMAGE });
  expect(environment(synthesize().template)).not.toHaveProperty('LAUNCHER_ON_MIGRATED_DATABASE');
  expect(() => synthesize({ image, allowOnMigratedDatabase: 'nocobase/nocobase:2.2.14' })).toThrow(
    /`allowOnMigratedDatabase`.*'nocobase\/nocobase:2.2.14', and nodes run 'nocobase\/nocobase:2.2.15'.*Take it out/s,
  );
});

test('changed keys are refused unless it is said that they are meant', () => {
  expect(environment(synthesize().template)).not.toHaveProperty('LAUNCHER_CHANGED_KEYS');
  expect(environment(synthesize({ allowChangedKeys: true }).template).LAUNCHER_CHANGED_KEYS).toBe('allowed');
});

test('web nodes may install and upgrade', () => {
  expect(environment(synthesize().template)).not.toHaveProperty('LAUNCHER_BEGINS');
});
