import { messages } from '@vinejs/vine/defaults'

/** Vine's own doesn't say what would be right. */
messages.enum = 'The {{ field }} field must be one of {{ choices }}'
