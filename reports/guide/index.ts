/** guide.md and guide.html: pure functions of the runs and cards that they are made from. */
import { join } from 'node:path';
import { writeFileAtomically } from '../../harness/record/durable.ts';
import { documentMarkdown, documentPage } from '../card/pages.ts';
import { guideContent, type GuideInputs } from './content.ts';

export type { GuideInputs } from './content.ts';

/** Write both into a directory that is there; gives their paths and the verdict. */
export async function writeGuide(
  directory: string,
  inputs: GuideInputs,
): Promise<{ readonly files: readonly string[]; readonly verdict: string }> {
  const content = guideContent(inputs);
  const files: readonly (readonly [string, string])[] = [
    [join(directory, 'guide.md'), documentMarkdown(content)],
    [join(directory, 'guide.html'), documentPage(content)],
  ];
  for (const [path, text] of files) await writeFileAtomically(path, text);
  return { files: files.map(([path]) => path), verdict: content.verdict };
}
