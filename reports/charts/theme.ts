/** How charts look: two sets of colours, for a light and a dark page. */
import type { Config } from 'vega-lite';

export type ThemeName = 'light' | 'dark' | 'shared';

interface Palette {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly categories: readonly string[];
}

/** Categories after Okabe & Ito (Color Universal Design), lightened for the dark page. */
const concrete: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    text: '#1c2127',
    muted: '#5b6570',
    grid: '#e3e6ea',
    categories: ['#0072b2', '#d55e00', '#009e73', '#aa4499', '#8a6d00', '#56b4e9', '#882255'],
  },
  dark: {
    text: '#e6e9ed',
    muted: '#9aa4af',
    grid: '#343b43',
    categories: ['#56b4e9', '#f0803c', '#2fc79b', '#d98cc8', '#d9bd3f', '#8fd0f5', '#e0709a'],
  },
};

/** The page's style sheet gives these variables their colours: of the reader's theme, and light ones on paper. */
const shared: Palette = {
  text: 'var(--chart-text)',
  muted: 'var(--chart-muted)',
  grid: 'var(--chart-grid)',
  categories: concrete.light.categories.map((_, i) => `var(--chart-${i})`),
};

const palettes: Readonly<Record<ThemeName, Palette>> = { ...concrete, shared };

/** The variables of `shared` for a style sheet. */
export function themeVariables(theme: 'light' | 'dark'): string {
  const { text, muted, grid, categories } = concrete[theme];
  return [
    `--chart-text: ${text}; --chart-muted: ${muted}; --chart-grid: ${grid};`,
    ...categories.map((color, i) => `--chart-${i}: ${color};`),
  ].join(' ');
}

/** Vega-Lite configuration of a theme; `shared` is for pages that define `themeVariables`. The background is left to the page. */
export function chartConfig(theme: ThemeName): Config {
  const { text, muted, grid, categories } = palettes[theme];
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  return {
    background: 'transparent',
    // The page and the files name each picture as a whole; a thousand named points would drown a reader's ears.
    aria: false,
    font,
    view: { stroke: null },
    mark: { color: categories[0] ?? text },
    range: { category: [...categories] },
    axis: {
      labelColor: text,
      titleColor: muted,
      titleFontWeight: 'normal',
      gridColor: grid,
      domainColor: grid,
      tickColor: grid,
      labelFontSize: 12,
      titleFontSize: 12,
      labelLimit: 430,
    },
    legend: {
      labelColor: text,
      titleColor: muted,
      titleFontWeight: 'normal',
      labelFontSize: 12,
      labelLimit: 240,
      orient: 'top',
    },
    header: { labelColor: text, labelFontSize: 12, labelFontWeight: 'bold', labelAnchor: 'start' },
    title: { color: text, anchor: 'start', fontSize: 13, fontWeight: 'normal' },
    // The median: a bar in the colour of text, so that it stands out from the points on either page.
    tick: { color: text, thickness: 2 },
    rule: { color: muted },
    text: { color: text },
  };
}
