/** A card's pages and what the terminal shows of it. */
import { describe, expect, test } from 'vitest';
import {
  assumedCosts,
  type Conditions,
  type SettingName,
} from '../../../harness/characterize/conditions.ts';
import { predict } from '../../../harness/characterize/predict.ts';
import { workloadOf } from '../../../harness/characterize/recommend.ts';
import { dirtyCurveChart } from '../../../reports/card/chart.ts';
import { cardContent } from '../../../reports/card/content.ts';
import { cardSummary, predictionText } from '../../../reports/card/index.ts';
import { cardMarkdown, cardPage } from '../../../reports/card/pages.ts';
import { renderSvg } from '../../../reports/charts/render-svg.ts';
import { card } from '../characterize/measurement.ts';

describe('the page of a card', () => {
  test('says what the workload needs, in tables of equal rows', () => {
    const content = cardContent(card());
    expect(content.verdict).toContain('Its writable working set is 64 MiB of 128 MiB in use.');
    expect(content.verdict).toMatch(/Pre-copy needs 17\d Mbit\/s for a downtime of 300 ms/u);
    for (const { heads, rows } of content.tables) {
      for (const row of rows) expect(row).toHaveLength(heads.length);
    }
    const markdown = cardMarkdown(content);
    expect(markdown).toContain('# Workload card: memory-stress\n');
    expect(markdown).toMatch(/\| 300 ms \| 17\d Mbit\/s \|/u);
    expect(markdown).not.toContain('undefined');
    expect(markdown).not.toContain('NaN');
  });

  test('says with how many channels, and where one stream is not enough', () => {
    const made = card();
    const [first, ...others] = made.requiredDowntime;
    const content = cardContent({
      ...made,
      requiredBandwidth: made.requiredBandwidth.map((row, index) => ({
        ...row,
        bitsPerSecond: index === 0 ? 40e9 : 9e9,
      })),
      requiredDowntime: [{ ...first!, recommended: 'multifd-zlib', channels: 4 }, ...others],
    });
    const [bandwidths, downtimes] = content.tables;
    expect(bandwidths!.rows.map((row) => row[1]).slice(0, 2)).toEqual([
      '40 Gbit/s † (needs several streams)',
      '9 Gbit/s',
    ]);
    expect(downtimes!.rows[0]![2]).toBe('multifd-zlib, 4 channels');
    expect(content.verdict).toContain('Over 1 Gbit/s: multifd-zlib, 4 channels (');
  });

  test('marks what is extrapolated, and says what the mark means', () => {
    const made = card();
    // Its windows are 100 ms to 15 s.
    const [bandwidths, downtimes] = cardContent(made).tables;
    expect(bandwidths!.rows[0]![0]).toBe('30 ms');
    expect(bandwidths!.rows[0]![1]).toMatch(/^\d+ Mbit\/s †$/u);
    expect(bandwidths!.rows[0]![4]).toMatch(/^[\d.]+ ms † \(/u);
    expect(bandwidths!.rows.slice(1).flat().join(' ')).not.toContain('†');
    expect(downtimes!.rows.flat().join(' ')).not.toContain('†');
    const note = (one: typeof made) =>
      cardContent(one).notes.filter((text) => text.startsWith('†'));
    expect(note(made)).toHaveLength(1);
    expect(note({ ...made, requiredBandwidth: made.requiredBandwidth.slice(1) })).toEqual([]);
  });

  test('is one file that asks for nothing, and draws the curve', async () => {
    const made = card();
    const svg = await renderSvg(dirtyCurveChart(made));
    const page = cardPage(cardContent(made), svg);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/u);
    expect(page).toContain('data:image/svg+xml;base64,');
    expect(svg).toContain('1 Gbit/s carries');
  });

  test('draws a curve of long windows alone, and of a single one', async () => {
    const made = card();
    for (const dirtyCurve of [made.dirtyCurve.slice(3), made.dirtyCurve.slice(4)]) {
      const svg = await renderSvg(dirtyCurveChart({ ...made, dirtyCurve }));
      expect(svg).toContain('dirty curve');
      expect(svg).not.toMatch(/NaN|undefined/u);
    }
  });

  test('lets no name of a workload be more than text', () => {
    const content = cardContent({ ...card(), title: '<img src=x>|`a`' });
    expect(cardPage(content, '<svg/>')).not.toContain('<img src=x>');
    expect(cardMarkdown(content)).toContain('\\<img src=x\\>\\|\\`a\\`');
    expect(cardSummary({ ...card(), title: 'a\u001b[2Jb' })).not.toContain('\u001b');
  });
});

const error = (source: string) => ({
  ...{ source, trials: 6, wrongCalls: 0, calls: 6, coinFlips: 0 },
  totalTimePercent: { median: 4, p90: 9 },
});

test('a card says of which setting an error is', () => {
  const settings = { ownErrorBySetting: { 'multifd-zlib': error('validated Z') } };
  const [first, ...others] = card().requiredDowntime;
  const requiredDowntime = [{ ...first!, recommended: 'multifd-zlib' as const }, ...others];
  const notes = (more: object) => cardContent({ ...card(), requiredDowntime, ...more }).notes;
  const whole = notes({ ownError: error('validated P'), ...settings }).join('\n');
  expect(whole).toContain('own error of plain pre-copy, above, validated P');
  expect(whole).toMatch(/^multifd-zlib: A weak predictor.* error of multifd-zlib, validated Z/mu);
  expect(whole).not.toContain('has not been measured');
  expect(notes(settings).join('\n')).not.toContain('How far off predictions from this card');
  expect(notes({}).join('\n')).toContain('How far off predictions from this card');
});

const made = card();
const under = (more: Partial<Conditions>) => (setting: SettingName) =>
  predict(
    workloadOf(made),
    { bandwidthBitsPerSecond: 200e6, downtimeLimitMs: 50, ...more, setting },
    assumedCosts,
  );

test('predictions are shown side by side, each with its reason', async () => {
  const by = under({});
  const text = await predictionText(
    made,
    (['precopy', 'postcopy'] as const).map(by),
    by('precopy'),
  );
  expect(text).toMatch(
    /^precopy: dirties 20 MiB\/s over 50 ms; 200 Mbit\/s carries 22\.8 MiB\/s/mu,
  );
  expect(text).toContain('post-copy ends in any case');
  expect(text).toContain('Extrapolated: The downtime limit of 50 ms is shorter than');
  expect(text).toContain('has not been measured');
  expect(text).toMatch(/^postcopy: .* how slow the guest is meanwhile is not predicted\./mu);
  const known = { ...made, ownError: error('validated P') };
  expect(await predictionText(known, [by('multifd')], by('precopy'))).toContain(
    "The predictor's own error of plain pre-copy, validated P",
  );
});

test('what plain pre-copy requires is said whatever the order of the settings', async () => {
  const required = async (settings: readonly SettingName[], more: Partial<Conditions>) => {
    const by = under(more);
    const text = await predictionText(made, settings.map(by), by('precopy'));
    return text.split('\n').filter((line) => line.includes('Over this link'));
  };
  const slow = { bandwidthBitsPerSecond: 50e6, downtimeLimitMs: 300 };
  const [line, ...more] = await required(['precopy', 'multifd-zlib'], slow);
  expect(more).toEqual([]);
  expect(line).toMatch(/^Plain pre-copy requires 17\d Mbit\/s for this limit\. /u);
  expect(line).toMatch(/Over this link an endless pre-copy hovers at 11\.\d s\.$/u);
  expect(await required(['multifd-zlib', 'precopy'], slow)).toEqual([line]);
  expect(await required(['xbzrle', 'multifd-zlib'], slow)).toEqual([line]);
  // 6.25 MB/s for the same rate: that is the limit it needs, while the last transfer has all of the link.
  const capped = { bandwidthBitsPerSecond: 1e9, maxBandwidthBytesPerSecond: 5.98e6 };
  expect(await required(['postcopy'], { ...slow, ...capped })).toEqual([
    expect.stringMatching(/Over this link under the cap it needs a downtime limit of 11\.\d s\.$/u),
  ]);
  expect(await required(['precopy'], { ...slow, maxBandwidthBytesPerSecond: 1e9 })).toEqual([line]);
});
