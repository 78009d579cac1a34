/*
| Loaded into a server under test: answers its parent process with the number of frames that were held
| back because their reader had not taken what came before.
*/

import { EventStream } from '#realtime/event_stream'

let held = 0

const { send } = EventStream.prototype
EventStream.prototype.send = function (channel, news) {
  if (this.isFull) held++
  send.call(this, channel, news)
}

process.on('message', (message) => {
  if (message === 'held?') process.send?.({ answer: held })
})
process.channel?.unref()
