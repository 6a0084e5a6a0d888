export interface NextStepProps {
  readonly url: string;
  readonly rootEmail: string;
  readonly rootPasswordSecret: string;
}

/** What to do after the first deployment, when the licence is pending. */
export function nextStep(props: NextStepProps): string {
  return [
    `1. Open ${props.url} and sign in as ${props.rootEmail}; the password is the value of the Secret ${props.rootPasswordSecret}.`,
    '2. In the settings under "License settings" copy the instance ID, and have the licence issued for it.',
    '3. Store the key: aws secretsmanager create-secret --name nocobase-license --secret-string file://license-key.txt',
    '4. Deploy with that licence: ClusterPlugins.licensed(...) in place of ClusterPlugins.pending(). The cluster then grows to its size.',
  ].join(' ');
}
