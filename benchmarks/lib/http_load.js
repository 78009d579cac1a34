import net from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Sends the same request again and again over some connections for so many seconds, each when the
 * answer to the one before is there. Cheaper than any HTTP client, so that the server is the
 * bottleneck. Gives requests and seconds; throws at the first answer that is not 2xx.
 */
export async function hammer({ port, method = 'GET', path, body = '', connections, seconds }) {
  const request = Buffer.from(
    [
      `${method} ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      ...(body ? ['Content-Type: application/json', `Content-Length: ${body.length}`] : []),
      `\r\n${body}`,
    ].join('\r\n')
  )
  const since = performance.now()
  const until = since + seconds * 1000
  const counts = await Promise.all(
    Array.from({ length: connections }, () => keepAsking(port, request, until))
  )
  const requests = counts.reduce((sum, count) => sum + count, 0)
  return { requests, seconds: (performance.now() - since) / 1000 }
}

function keepAsking(port, request, until) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1')
    let answered = 0
    let answer = null
    const ask = () => socket.write(request)
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', (chunk) => {
      answer = answer ? Buffer.concat([answer, chunk]) : chunk
      const head = answer.indexOf(HEAD_END)
      if (head === -1) return
      const text = answer.latin1Slice(0, head)
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
      if (!text.startsWith('HTTP/1.1 2') || Number.isNaN(length)) return reject(new Error(text))
      if (answer.length < head + HEAD_END.length + length) return
      answer = null
      answered++
      if (performance.now() < until) return ask()
      socket.destroy()
      resolve(answered)
    })
  })
}
