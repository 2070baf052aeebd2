/** How far a run is, for progress bars and Telegram edits. */
export type BackupPhase = 'snapshot' | 'proof' | 'retention';

export interface BackupProgress {
  readonly phase: BackupPhase;
  /** Rows read (snapshot). An index counts its rows too, so this can pass the sum of the tables. */
  readonly rows: number;
  /** Bytes of contents written (snapshot) or of objects read back (proof). */
  readonly bytes: number;
  /**
   * Of `rows` in the snapshot (as many as last time: an estimate), of `bytes` in the proof (exact);
   * undefined when not known.
   */
  readonly total: number | undefined;
}

export type OnProgress = (progress: BackupProgress) => void;
