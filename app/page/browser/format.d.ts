export function utc(time: string, now: number): string
export function size(bytes: number): string
