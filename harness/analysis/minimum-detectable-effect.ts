/**
 * What a comparison could have seen: the least shift that figures of this noise and number would have been called with
 * a probability of 80 %. It goes beside every "no change".
 *
 * The standard error is read off the interval that was found (half its width over the normal quantile of its
 * confidence), so that it has the noise, the strata and the ties of these very figures.
 * Source of the formula: Cohen, *Statistical Power Analysis*, (z₁₋α⁄₂ + z_power) × standard error. Where an estimate must
 * also be above some least one, that takes the place of z₁₋α⁄₂ × standard error if it is higher.
 */
import { normalQuantile } from './normal.ts';

/** The power that is meant where nothing else is said. */
export const USUAL_POWER = 0.8;

export interface DetectionOptions {
  /** Confidence of the interval, as a fraction. */
  readonly confidence: number;
  /** The level at which a test would have been called, after correction for their number. */
  readonly level: number;
  readonly power?: number;
  /** The estimate must be beyond this too, on the scale of the interval; 0. */
  readonly least?: number;
}

/** On the scale of the interval, positive; `undefined` where an end is infinite. */
export function minimumDetectableShift(
  interval: { readonly low: number; readonly high: number },
  { confidence, level, power = USUAL_POWER, least = 0 }: DetectionOptions,
): number | undefined {
  const width = interval.high - interval.low;
  if (!Number.isFinite(width)) return undefined;
  const standardError = width / 2 / normalQuantile(1 - (1 - confidence) / 2);
  const reserve = standardError * normalQuantile(power);
  return Math.max(standardError * normalQuantile(1 - level / 2), least) + reserve;
}
