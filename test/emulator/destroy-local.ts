import { end, running } from './running';

async function main() {
  const found = await running();
  if (found === undefined) {
    console.log('There is no local AWS to take away: none runs that npm run deploy:local has started here.');
    return;
  }
  await end(found);
  console.log(`The local AWS at ${found.url} is gone, with all that was deployed into it.`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
