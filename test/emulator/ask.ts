import { clientConfiguration } from './emulator';

/** A call of a service's JSON protocol: for what a test asks of a service once, without a client of its own. */
export async function ask(url: string, region: string, service: string, target: string, body: object): Promise<any> {
  const { accessKeyId } = clientConfiguration(url, region).credentials;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': target,
      // The local AWS reads the service and the region here, and verifies no signature.
      Authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20200101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer ? JSON.parse(answer) : {};
}
