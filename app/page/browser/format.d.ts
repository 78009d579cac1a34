export function utc(time: string): string
