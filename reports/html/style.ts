/** The page's style sheet. */
import { themeVariables } from '../charts/theme.ts';

const light = `
  --page: #ffffff; --raised: #f5f6f8; --text: #1c2127; --muted: #57606b; --line: #dfe3e8; --link: #0b5cad;
  --bad: #b3261e; --bad-back: #fdecea; --warning: #7a5200; --warning-back: #fff5dc; --good: #1b6e3c; --good-back: #e8f5ec;
  ${themeVariables('light')}`;

const dark = `
  --page: #15181c; --raised: #1e2228; --text: #e6e9ed; --muted: #a3adb8; --line: #343b43; --link: #7ab8f5;
  --bad: #ff8a80; --bad-back: #3a1a18; --warning: #f2c14e; --warning-back: #33290f; --good: #7bd79c; --good-back: #15301f;
  ${themeVariables('dark')}`;

export const style = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 64px; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 8px; top: 8px; background: var(--page); padding: 8px 12px; z-index: 3; }
.frame { max-width: 1280px; margin: 0 auto; padding: 0 24px; }
header.frame { padding-top: 28px; }
main.frame { padding-bottom: 24px; }
footer.frame { padding-bottom: 64px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 21px; margin: 48px 0 8px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 30px 0 4px; }
p { margin: 8px 0; max-width: 84ch; }
p, li, dd, summary, .muted { overflow-wrap: anywhere; }
a { color: var(--link); }
.muted, .sub { color: var(--muted); }
.sub { font-size: 12px; display: block; }
.verdict { padding: 12px 18px; border-radius: 8px; margin: 18px 0 12px; border-left: 5px solid; }
.verdict p { max-width: none; }
.verdict .count { font-weight: 600; font-size: 17px; }
.verdict.bad { border-color: var(--bad); background: var(--bad-back); }
.verdict.warning { border-color: var(--warning); background: var(--warning-back); }
.verdict.good, .verdict.note { border-color: var(--good); background: var(--good-back); }
.verdict.bad .count { color: var(--bad); } .verdict.warning .count { color: var(--warning); } .verdict.good .count { color: var(--good); }
.findings { margin: 6px 0 2px; padding-left: 20px; font-size: 16px; }
.findings li { margin: 5px 0; max-width: 105ch; overflow-wrap: anywhere; }
.notices { list-style: none; margin: 0; padding: 0; }
.notices li { display: grid; grid-template-columns: 76px 1fr; gap: 2px 12px; padding: 7px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.notices .mark { font-size: 12px; font-weight: 600; padding-top: 2px; color: var(--muted); }
.notices .bad .mark { color: var(--bad); }
.notices .warning .mark { color: var(--warning); }
.notices .remedy { grid-column: 2; color: var(--muted); }
nav.toc { margin: 16px 0 0; display: flex; flex-wrap: wrap; gap: 4px 16px; }
.filters { position: sticky; top: 0; z-index: 2; background: var(--page); border-bottom: 1px solid var(--line); margin: 20px 0 0; padding: 8px 0; }
.filters > summary { cursor: pointer; padding: 4px 0; font-weight: 600; }
.filters > div { display: flex; flex-wrap: wrap; gap: 10px 18px; max-height: 45vh; overflow: auto; padding: 6px 0; }
fieldset { border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px 6px; margin: 0; min-width: 0; max-width: 100%; }
legend { font-size: 13px; color: var(--muted); padding: 0 4px; }
fieldset label { display: block; overflow-wrap: anywhere; padding: 2px 0; }
.scroll { overflow-x: auto; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: 0 0 6px; }
caption span { display: block; max-width: min(100ch, calc(100vw - 28px)); }
th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; font-size: 13px; }
thead th { vertical-align: bottom; border-bottom-width: 2px; }
td.figure, th.figure { text-align: right; }
td.figure { white-space: nowrap; }
td.name, th.name { overflow-wrap: break-word; }
td.name { min-width: 84px; }
tbody th { font-weight: normal; min-width: 90px; font-size: inherit; white-space: normal; }
.outcome-failed, .outcome-damaged { color: var(--bad); font-weight: 600; }
.outcome-not-converged, .outcome-invalid { color: var(--warning); }
.outcome-skipped { color: var(--muted); }
details.fold { border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; padding: 0 14px; }
details.fold[open] { padding-bottom: 10px; }
.fold > summary { cursor: pointer; padding: 9px 0; overflow-wrap: anywhere; }
figure { margin: 26px 0 34px; }
figcaption p { color: var(--muted); margin: 2px 0 8px; }
.chart { width: 100%; min-height: 60px; overflow-x: auto; }
.chart.vega-embed, .chart .vega-embed { width: 100%; }
.chart svg, .chart canvas { display: block; }
.copy { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 6px 0; font-size: 13px; }
button, select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; }
button { cursor: pointer; }
#filter-reset { align-self: start; }
#timeline-section:focus { outline: none; }
.copy button { font-size: 13px; padding: 3px 9px; }
select { max-width: 100%; }
.choices { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; margin: 10px 0; }
.choices label { display: flex; gap: 8px; align-items: center; max-width: 100%; min-width: 0; }
.choices select { min-width: 0; flex: 0 1 auto; }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; white-space: pre-wrap; overflow-wrap: anywhere; margin: 8px 0; }
dl { display: grid; grid-template-columns: minmax(140px, max-content) 1fr; gap: 6px 16px; }
.see { color: var(--muted); font-size: 12px; }
.more > summary { cursor: pointer; color: var(--muted); } .more p { max-width: 100ch; overflow-wrap: anywhere; color: var(--muted); }
dt { font-weight: 600; } dd { margin: 0; max-width: 84ch; }
.visually-hidden, figure caption, .card caption, .compared caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
#vg-tooltip-element { overflow-wrap: anywhere; max-width: 420px; }
@media (max-width: 640px) {
  .frame { padding-left: 14px; padding-right: 14px; }
  dl { grid-template-columns: 1fr; gap: 2px; } dd { margin-bottom: 8px; }
  .notices li { grid-template-columns: 1fr; } .notices .remedy { grid-column: 1; }
  table { font-size: 13px; }
}
@media print {
  :root { color-scheme: light; ${light} }
  body { font-size: 11px; }
  .copy, .filters, nav.toc, .choices, .skip { display: none; }
  .frame { max-width: none; padding-left: 0; padding-right: 0; }
  .sub, .see { font-size: 9px; } th { font-size: 10px; } th, td { padding: 3px 6px; } .findings { font-size: 13px; } .verdict .count { font-size: 14px; }
  figure > .chart, figcaption, tr, .verdict, .notices li, #timeline-section { break-inside: avoid; } h2, h3, figcaption { break-after: avoid; }
  details.fold { border: 0; padding: 0; }
  .scroll, .chart { overflow: visible; }
  details[data-print]::details-content { content-visibility: visible; height: auto; }
  .chart svg { max-width: 100%; height: auto; }
}
`;
