// What the construct asks and the Lambda answers: the one thing that both know.

/** What a value must be. */
export enum PreflightRule {
  /** More than white space. */
  NOT_BLANK = 'notBlank',
  /** Exactly 64 hexadecimal characters, the 32 bytes of an AES-256 key. */
  AES_256_HEX = 'aes256Hex',
  /** Not blank, and not the password that every NocoBase without one is installed with. */
  ROOT_PASSWORD = 'rootPassword',
  /** Part of a connection URL as it is: characters that need no encoding there, or are encoded already. */
  URL_SAFE = 'urlSafe',
}

/** One check, as it travels through CloudFormation: strings only, and an ARN in place of the value. */
export interface CheckRequest {
  /** What the value is for, as the guide calls it. */
  readonly Variable: string;
  readonly Rule: `${PreflightRule}`;
  /** Of the Secret, or of the parameter. */
  readonly SecretArn: string;
  /** Of a parameter: its ARN does not tell whether it begins with a slash. */
  readonly ParameterName?: string;
  /** The field, when the Secret's value is a JSON object. */
  readonly JsonField?: string;
  /** The prop of the cluster that the Secret was given by. */
  readonly Prop: string;
}
