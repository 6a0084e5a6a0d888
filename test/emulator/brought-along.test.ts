import { EXAMPLES } from '../../examples';
import { LocalAws } from './local-aws';

// Each example whose cluster is built of what somebody has already deploys into an account that has it.

let aws: LocalAws;
beforeAll(async () => {
  aws = await LocalAws.start();
  await aws.giveSecret('nocobase-license', 'a licence key');
  await aws.giveHostedZone('Z0123456789ABCDEFGHIJ', 'example.com');
  await aws.bootstrap();
});
afterAll(() => aws?.stop());

// Of these examples.test.ts asks more.
const ELSEWHERE = ['minimal', 'production', 'existing-app'];

test.each(Object.keys(EXAMPLES).filter((name) => !ELSEWHERE.includes(name)))('%s', async (name) => {
  const assembly = aws.synthesize((app) => void EXAMPLES[name].build(app));
  await aws.giveNamed(assembly);
  await aws.deploy(assembly);
});
