import { defineConfig } from '@adonisjs/transmit'

/**
 * Transmit's own ping stays off: after the head of a stream there is one writer, ours
 * (app/realtime/event_stream.ts), and the keep-alive is its business. Two writers tear frames.
 */
export default defineConfig({
  pingInterval: false,
  transport: null,
})
