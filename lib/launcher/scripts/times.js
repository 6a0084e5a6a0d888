/**
 * How long nodes wait for each other, in milliseconds. What has to hold, by which a generation begins only when no
 * node of another one runs any more:
 *
 * - A node whose session is gone stops NocoBase within `lost + kill` of the last moment at which it was seen to live
 *   (`known + kill` if it knew by then that it is to stop). The lock cannot have been gone before that moment.
 * - Who asks gives the order to stop `notice` after asking: whoever lost its session before has stopped, or is back and
 *   knows. `notice > lost + kill + 2 × poll`.
 * - Who has seen a running node vanish after the order begins `vanished` later: that node knew.
 *   `vanished > known + kill + 2 × poll`. That holds also while it leaves, drains and stops, which takes longer: it goes
 *   on looking for its session meanwhile, and kills NocoBase when that is gone. A node that stops in order keeps its
 *   session until it has stopped, and nobody waits for it as for one that has vanished.
 */
module.exports = function timesOf({ poll, lost, known, kill, absent }) {
  return {
    poll,
    lost,
    known,
    absent,
    notice: lost + kill + 3 * poll,
    vanished: known + kill + 3 * poll,
  };
};
