/** The page's style sheet. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f5f6f8; --text: #1c2127; --muted: #5b6570; --line: #dfe3e8; --link: #0b5cad;
  --bad: #b3261e; --bad-back: #fdecea; --warning: #7a5200; --warning-back: #fff5dc; --good: #1b6e3c; --good-back: #e8f5ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --raised: #1e2228; --text: #e6e9ed; --muted: #9aa4af; --line: #343b43; --link: #7ab8f5;
    --bad: #ff8a80; --bad-back: #3a1a18; --warning: #f2c14e; --warning-back: #33290f; --good: #7bd79c; --good-back: #15301f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 10px; }
h3 { font-size: 15px; margin: 26px 0 6px; }
p { margin: 8px 0; max-width: 80ch; }
.muted, .sub { color: var(--muted); }
.sub { font-size: 12px; display: block; }
.verdict { font-size: 17px; padding: 12px 16px; border-radius: 8px; margin: 18px 0 12px; border-left: 5px solid; max-width: none; }
.verdict.bad { color: var(--bad); background: var(--bad-back); }
.verdict.warning { color: var(--warning); background: var(--warning-back); }
.verdict.good, .verdict.note { color: var(--good); background: var(--good-back); }
.notices { list-style: none; margin: 0; padding: 0; }
.notices li { display: grid; grid-template-columns: 76px 1fr; gap: 2px 12px; padding: 7px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.notices .mark { font-size: 12px; font-weight: 600; padding-top: 2px; color: var(--muted); }
.notices .bad .mark { color: var(--bad); }
.notices .warning .mark { color: var(--warning); }
.notices .remedy { grid-column: 2; color: var(--muted); }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: 0 0 6px; }
caption span { display: block; max-width: 100ch; }
th, td { padding: 6px 8px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; font-size: 13px; }
thead th { vertical-align: bottom; }
thead th { border-bottom-width: 2px; }
td.figure, th.figure { text-align: right; }
td.figure { white-space: nowrap; }
td.name, th.name { overflow-wrap: break-word; }
tbody th { font-weight: normal; min-width: 90px; font-size: inherit; white-space: normal; }
.outcome-failed, .outcome-damaged { color: var(--bad); font-weight: 600; }
.outcome-not-converged, .outcome-invalid { color: var(--warning); }
.outcome-skipped { color: var(--muted); }
details.fold { border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; padding: 0 14px; }
details.fold[open] { padding-bottom: 10px; }
.fold > summary { cursor: pointer; padding: 9px 0; overflow-wrap: anywhere; }
.chart { width: 100%; min-height: 60px; }
.chart.vega-embed, .chart .vega-embed { width: 100%; }
select { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 5px 8px; max-width: 100%; }
a { color: var(--link); }
@media print { details.fold { border: 0; } .vega-embed summary { display: none; } }
`;
