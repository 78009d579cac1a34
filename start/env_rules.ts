import { isAbsolute } from 'node:path'
import { isLoopback } from '#start/loopback'
import string from '@adonisjs/core/helpers/string'

export type Rule<T> = (key: string, value?: string) => T

/** A whole number within bounds. Throws one line that names the setting and its bounds. */
export function count(bounds: { min: number; max: number; fallback?: number }): Rule<number> {
  return (key, value) => {
    if (!value && bounds.fallback !== undefined) return bounds.fallback
    const number = /^\d+$/.test(value ?? '') ? Number(value) : Number.NaN
    if (!(number >= bounds.min && number <= bounds.max)) {
      throw new Error(`${key} must be a whole number from ${bounds.min} to ${bounds.max}`)
    }
    return number
  }
}

/** A duration such as `30s`, `15m`, `30d`. Gives milliseconds. */
export function duration(bounds: { max: string; fallback: string }): Rule<number> {
  return (key, value) => {
    const text = value || bounds.fallback
    const milliseconds = /^\d+(ms|s|m|h|d)$/.test(text) ? string.milliseconds.parse(text) : -1
    if (milliseconds < 0 || milliseconds > string.milliseconds.parse(bounds.max)) {
      throw new Error(`${key} must be a duration such as ${bounds.fallback}, at most ${bounds.max}`)
    }
    return milliseconds
  }
}

/** A size such as `500mb` or `2gb`. Gives bytes. */
export function bytes(bounds: { max: string; fallback: string }): Rule<number> {
  return (key, value) => {
    const text = (value || bounds.fallback).toLowerCase()
    const size = /^\d+(b|kb|mb|gb|tb)$/.test(text) ? Number(string.bytes.parse(text)) : -1
    if (size < 1 || size > Number(string.bytes.parse(bounds.max))) {
      throw new Error(`${key} must be a size such as ${bounds.fallback}, at most ${bounds.max}`)
    }
    return size
  }
}

/** One of some words; the first where nothing is set. */
export function oneOf<const T extends string>(words: readonly [T, ...T[]]): Rule<T> {
  return (key, value) => {
    const word = words.find((each) => each === (value || words[0]))
    if (word === undefined) throw new Error(`${key}=${value} must be one of ${words.join(', ')}`)
    return word
  }
}

/** Web origins, separated by commas, written as browsers send them. */
export function origins(): Rule<readonly string[]> {
  return (key, value = '') => {
    const words = value.split(',').map((word) => word.trim())
    const entries = words.filter(Boolean)
    const bad = entries.find((each) => !URL.canParse(each) || new URL(each).origin !== each)
    if (bad === undefined) return entries
    throw new Error(`${key}: ${bad} is no origin such as https://app.example.com`)
  }
}

/** Where state is kept: in production outside `build/`, which every build wipes. */
export function statePath({ fallback }: { fallback: string }): Rule<string> {
  return (key, value) => {
    const path = value || fallback
    if (process.env.NODE_ENV === 'production' && !isAbsolute(path)) {
      const set = value ? `${key}=${value} must be` : `${key} must be set to`
      throw new Error(`${set} an absolute path in production: every build wipes build/`)
    }
    return path
  }
}

/** An address that only this machine reaches: all that is safe while there is no access control. */
export function loopbackHost({ fallback }: { fallback: string }): Rule<string> {
  return (key, value) => {
    const host = value || fallback
    if (isLoopback(host)) return host
    throw new Error(
      `${key}=${host} is not loopback, and API_AUTH=none lets in whoever reaches it: set ${key}=${fallback}`
    )
  }
}
