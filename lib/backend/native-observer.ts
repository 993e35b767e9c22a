import { InternalError, type AnomalyError } from '../errors.js';
import type { Addon } from './addon.js';
import { CallSites } from './call-sites.js';
import { anomalyChecks, type AnomalyCheck, type BackendObserver, type RawProfile } from './observer.js';

/** Watches the ops of the addon. */
export class NativeObserver implements BackendObserver {
  readonly #addon: Addon;
  readonly #names: readonly string[];
  /** There while anomalies are looked for. */
  sites: CallSites | undefined = undefined;

  constructor(addon: Addon, names: readonly string[]) {
    this.#addon = addon;
    this.#names = names;
  }

  startProfile(maxEvents: number): void {
    this.#addon.startProfile(maxEvents);
  }

  stopProfile(): RawProfile {
    const { rows, dropped } = this.#addon.stopProfile();
    return { rows: new Float64Array(rows), names: this.#names, dropped };
  }

  setAnomalyCheck(check: AnomalyCheck): AnomalyCheck {
    const former = anomalyChecks[this.#addon.setAnomalyCheck(anomalyChecks.indexOf(check))] ?? 'none';
    if (check === 'none') this.sites = undefined;
    else this.sites ??= new CallSites();
    return former;
  }

  /** Before a call into the addon that may record, while anomalies are looked for. */
  note(sites: CallSites): void {
    sites.note(this.#addon.nextNode());
  }

  anomaly(message: string): AnomalyError | InternalError {
    return this.sites?.error(message, this.#addon.anomaly()) ?? new InternalError(message);
  }
}
