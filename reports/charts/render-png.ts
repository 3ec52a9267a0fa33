/** Charts as PNG, for slides: drawn with fonts that come along, so that a host without any gives the same picture. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Pixels of the picture per pixel of the chart: sharp on a projector. */
const SCALE = 2;
const FAMILY = 'DejaVu Sans';

/** Draw an SVG of `renderSvg`. Loads the renderer when first called. */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: {
      loadSystemFonts: false,
      fontFiles: ['DejaVuSans', 'DejaVuSans-Bold'].map((name) => fontFile(`${name}.ttf`)),
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
    },
  });
  return picture.render().asPng();
}

/** A font of reports/fonts, seen from this file or from its compiled form in dist/. */
function fontFile(name: string): string {
  const [beside, compiled] = ['../fonts/', '../../../reports/fonts/'].map((folder) =>
    fileURLToPath(new URL(`${folder}${name}`, import.meta.url)),
  );
  return beside !== undefined && existsSync(beside) ? beside : (compiled ?? name);
}
