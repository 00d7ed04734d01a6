/** RFC 4180 text of a table; lines end with CRLF, and Excel is told that it is UTF-8. */
export function csvOf(rows: string[][]): string {
  return "\uFEFF" + rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

function cell(text: string): string {
  // A spreadsheet would calculate what begins like a formula, and user ids are chosen by others
  // (owasp.org, CSV Injection).
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
