const ask = (program: string) =>
  `docker compose exec -T app ${program} | npx cdk-nocobase import-keys … --environment -   (app is the name of the service)`;

/** The way around everything that may be between a file and the process. */
export const ASK_THE_CONTAINER = ask('env');

/** Also where values have several lines: it says where each of them ends. */
export const ASK_WITH_ENDS = ask('env -0');
