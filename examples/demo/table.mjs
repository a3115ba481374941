/** A table that a person can read. */

/**
 * @param columns titles; one that begins with '>' is of a column of numbers, set to the right
 * @param rows a text or a number per column each
 */
export function table(columns, rows) {
  const right = columns.map((title) => title.startsWith('>'));
  const lines = [columns.map((title) => title.replace(/^>/, '')), ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const cell = (text, i) => (right[i] ? text.padStart(widths[i]) : text.padEnd(widths[i]));
  const [titles, ...body] = lines.map((line) => `  ${line.map(cell).join('  ').trimEnd()}`);
  return [titles, `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`, ...body, ''].join('\n');
}
