import type { Construct } from 'constructs';
import { checkRequired } from '../given';
import { invalidProp, isKnown } from '../invalid-prop';

const FLOATING_TAG = /^((latest|main|next|stable|alpha|beta)(-full)?(-no-nginx)?|full|)$/i;
const TAG_OR_DIGEST = /^(\w[\w.-]{0,127}|sha256:[0-9a-f]{64})$/;

/** Refuses what does not stand for one image for ever. */
export function checkTagOrDigest(scope: Construct, tagOrDigest: string) {
  checkRequired(scope, { 'image.tagOrDigest': tagOrDigest });
  if (!isKnown(tagOrDigest)) return;
  if (FLOATING_TAG.test(tagOrDigest)) {
    throw invalidProp(scope, {
      prop: 'image',
      problem: `has the floating tag '${tagOrDigest}', by which nodes of one cluster could run different versions`,
      remedy: 'Name a version or a digest',
    });
  }
  if (!TAG_OR_DIGEST.test(tagOrDigest)) {
    throw invalidProp(scope, {
      prop: 'image',
      problem: `must have a tag or a digest, got: '${tagOrDigest}'`,
      remedy: "Write e.g. '2.2.15' without the name of the repository, or 'sha256:' and 64 digits",
    });
  }
}
