import { channel } from 'node:diagnostics_channel'

/** Moments at which a crash is most telling. */
export type Landmark =
  | 'after-keep'
  | 'before-claim'
  | 'after-claim'
  | 'mid-batch'
  | 'mid-file'
  | 'after-file'
  | 'before-tell'
  | 'before-flush'
  | 'draining'
  | 'before-remove'

const landmarks = channel('headway:landmark')

/** Says that the process is here. Does nothing unless code in this process has subscribed. */
export function pass(landmark: Landmark): void {
  if (landmarks.hasSubscribers) landmarks.publish(landmark)
}
