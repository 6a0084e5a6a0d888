const http = require('node:http');
const { env } = process;

/** By ECS: the family and the revision of the task definition that this node is of. */
module.exports = async function identity() {
  if (env.LAUNCHER_REVISION) return { family: env.LAUNCHER_FAMILY || 'local', revision: Number(env.LAUNCHER_REVISION) };
  const uri = env.ECS_CONTAINER_METADATA_URI_V4;
  if (!uri)
    throw new Error('ECS does not tell this node which revision it is of: ECS_CONTAINER_METADATA_URI_V4 is not set');
  for (let attempt = 1; ; attempt++) {
    try {
      const { Family, Revision } = await ask(`${uri}/task`);
      if (Family && Number(Revision) > 0) return { family: Family, revision: Number(Revision) };
      throw new Error('it has no Family or no Revision');
    } catch (error) {
      if (attempt === 10) throw new Error(`the task metadata of ECS cannot be read: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
};

function ask(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { timeout: 3000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        try {
          resolve(JSON.parse(body));
        } catch (error) {
          reject(error);
        }
      });
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 3 s')));
    request.on('error', reject);
  });
}
