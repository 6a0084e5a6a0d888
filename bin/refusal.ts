/** Why nothing was done, in sentences for whoever runs the command. They never hold any of a key. */
export class Refusal extends Error {
  constructor(...sentences: readonly string[]) {
    super(sentences.join('\n'));
    this.name = 'Refusal';
  }
}
