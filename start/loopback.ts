const loopback = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/

/** Whether a host name means this machine only. */
export function isLoopback(hostname: string): boolean {
  return loopback.test(hostname)
}
