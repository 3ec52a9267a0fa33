/** Making text from guests, plans and QEMU harmless in each of the places it is written to. */

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For HTML text and quoted attribute values. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => HTML[character] ?? character);
}

/** For a paragraph, list item or table cell of Markdown: one line, with nothing that is markup in it. */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replace(/\s+/g, ' ')
      .replace(/[\\`*_[\]<>#|~&$@]/g, (character) => `\\${character}`)
      // GitHub makes links of bare addresses.
      .replace(/:(?=\/\/)|(?<=\bwww)\./gi, (character) => `\\${character}`)
  );
}

/** For XML 1.0 text and quoted attribute values: what no document may hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return visible(text)
    .replace(/\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => HTML[character] ?? character)
    .replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For names in JSON and in label values, which quote what they must: no control characters. */
export function plainName(text: string): string {
  return visible(text.replace(/\s+/g, ' ')).replace(/\p{Cs}/gu, '\ufffd');
}

/** For a terminal: one line, without control characters (an escape sequence could rewrite the screen). */
export function escapeTerminal(text: string): string {
  return visible(text.replace(/\s+/g, ' '));
}

/** Control characters but tab and newline, and those that change the direction of text, become U+FFFD. */
function visible(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]|\p{Bidi_Control}/gu, '\ufffd');
}

/** JSON for the inside of a script element: no `</script>`, no `<!--`, no line separators. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/**
 * A program for the inside of a script element. The two sequences that end or confuse one occur in programs only in
 * string and regular expression literals, where a backslash before `/` or `!` changes nothing.
 */
export function inlineScript(source: string): string {
  return source
    .replace(/<\/(?=script)/gi, '<\\/')
    .replaceAll('<!--', '<\\!--')
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}
