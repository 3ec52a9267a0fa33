/** Text from guests and plans stays text in every format. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  escapeHtml,
  escapeMarkdown,
  escapeTerminal,
  inlineScript,
  scriptJson,
} from '../../../reports/escape.ts';

test('HTML', () => {
  expect(escapeHtml(`<script>alert("x" & 'y')</script>`)).toBe(
    '&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;',
  );
});

test('Markdown', () => {
  expect(escapeMarkdown('a|b `c` *d* <e> [f](g) \\ #1\nnext')).toBe(
    'a\\|b \\`c\\` \\*d\\* \\<e\\> \\[f\\](g) \\\\ \\#1 next',
  );
});

test('terminal: no control characters, nothing that reverses the text', () => {
  expect(escapeTerminal('a\u001b[31mred\u0007\n\u202eb\u009b')).toBe('a�[31mred� �b�');
});

test('JSON in a script element', () => {
  const hostile = { text: '</script><!--\u2028\u2029' };
  expect(scriptJson(hostile)).toBe('{"text":"\\u003c/script>\\u003c!--\\u2028\\u2029"}');
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const json = JSON.stringify(value);
      if (json === undefined) return;
      expect(scriptJson(value)).not.toMatch(/[<\u2028\u2029]/);
      expect(JSON.parse(scriptJson(value))).toEqual(JSON.parse(json));
    }),
  );
});

test('a program in a script element', () => {
  const source = `const a = '</script>' + "</SCRIPT >" + '<!--';\n//# sourceMappingURL=x.js.map`;
  const inlined = inlineScript(source);
  expect(inlined).not.toMatch(/<\/script|<!--|sourceMappingURL/i);
  // oxlint-disable-next-line no-eval -- that the program still means the same is the point
  expect(eval(`${inlined}; a`)).toBe('</script></SCRIPT ><!--');
});
