/**
 * Text that somebody else wrote, made harmless for what a card is written in: Markdown, which sites
 * render with HTML and with links of their own making, and YAML, which programs parse.
 */

/** Characters that mean something anywhere in Markdown, its tables, maths and footnotes. */
const MARKDOWN = /[\\`*_{}[\]#|~$]/g;

/**
 * `text` on one line, shown as it is written: no markup, no HTML, no list or rule, and no link from a
 * bare address, as GitHub's Markdown makes of `https://`, `www.` and `@`.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(MARKDOWN, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
    .replace(/\bwww\./gi, (start) => `${start.slice(0, -1)}&#46;`)
    .replace(/^[-+=]/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/**
 * `text` as a double-quoted scalar that YAML 1.1, YAML 1.2 and Python's string literals read alike:
 * printable ASCII, everything else as \uXXXX, or \UXXXXXXXX where JSON would use two surrogates.
 */
export function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[^\x20-\x7e]/gu, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });
}
