export interface NextStepProps {
  readonly url: string;
  readonly rootEmail: string;
  readonly rootPasswordSecret: string;
  /** What the Secret with the licence key will be made with. */
  readonly secretOptions?: string;
  /** How to deploy with it. */
  readonly deploy?: string;
}

/** What to do after the first deployment, when the licence is pending. */
export function nextStep(props: NextStepProps): string {
  const {
    secretOptions = '--name nocobase-license',
    deploy = 'Deploy with that licence: ClusterPlugins.licensed(...) in place of ClusterPlugins.pending(). The cluster then grows to its size.',
  } = props;
  return [
    `1. Open ${props.url} and sign in as ${props.rootEmail}; the password is the value of the Secret ${props.rootPasswordSecret}.`,
    '2. In the settings under "License settings" copy the instance ID, and have the licence issued for it.',
    `3. Store the key: aws secretsmanager create-secret ${secretOptions} --secret-string file://license-key.txt`,
    `4. ${deploy}`,
  ].join(' ');
}
