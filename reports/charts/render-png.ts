/** Charts as PNG, for slides: drawn with fonts that come along, so that a host without any gives the same picture. */
import { createRequire } from 'node:module';

/** Pixels of the picture per pixel of the chart: sharp on a projector. */
const SCALE = 2;
const FAMILY = 'DejaVu Sans';

/** Draw an SVG of `renderSvg`. Loads the renderer when first called. */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const require = createRequire(import.meta.url);
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: {
      loadSystemFonts: false,
      fontFiles: ['DejaVuSans', 'DejaVuSans-Bold'].map((name) =>
        require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`),
      ),
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
    },
  });
  return picture.render().asPng();
}
