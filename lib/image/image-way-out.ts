import type { WayOutNeed } from '../network/way-out';
import type { NocoBaseImageBinding } from './nocobase-image';

/** What nodes need a way out for, to pull their image. */
export function imageWayOut(image: NocoBaseImageBinding): WayOutNeed[] {
  const { internet: what, internetOnFirstPullOnly: once } = image;
  if (what === undefined) return [];
  return [
    once
      ? {
          prop: 'image',
          what,
          once,
          remedy: 'Pull it once from elsewhere before you deploy it, by the name that the task definition has',
        }
      : {
          prop: 'image',
          what,
          remedy:
            'Keep the image in ECR, in the region of the nodes: NocoBaseImage.fromEcr(repository, tag), or NocoBaseImage.fromAsset(directory)',
        },
  ];
}
