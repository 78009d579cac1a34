const heads = ['measurement', 'ours', 'peer', 'ours : peer (range)', 'must reach', 'reached']

function cells({ what, ours, peer, ratio, must, reached }) {
  return [what, ours, peer, ratio, must, reached === null ? '' : reached ? 'yes' : 'falls short']
}

/** The table as Markdown, padded so that it reads well in a terminal too. */
export function table(rows) {
  const lines = [heads, ...rows.map(cells)]
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = (line) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [text(lines[0]), rule, ...lines.slice(1).map(text)].join('\n')
}
