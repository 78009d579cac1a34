import vine from '@vinejs/vine'

const uid = vine.string().regex(/^[A-Za-z0-9_-]{16,64}$/)

/** `GET __transmit/events`. The uid is the client's own secret: hard to guess, safe in a URL. */
export const streamValidator = vine.create({ uid: uid.clone() })

/** `POST __transmit/subscribe` and `unsubscribe`. */
export const subscriptionValidator = vine.create({
  uid: uid.clone(),
  channel: vine.string().minLength(1).maxLength(128),
})
