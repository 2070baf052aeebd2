/** Everything only admins can do, in the order it is asked. */
import type { Feature } from '../feature.ts';
import { draftIntakeFeature } from './draft-intake.ts';
import { draftsFeature } from './drafts.ts';
import { editFeature } from './edit.ts';
import { editPartsFeature } from './edit-parts.ts';
import { panelFeature } from './panel.ts';
import { trashFeature } from './trash.ts';

/** Answers to questions come before the wizard: only one of them is open, but a question takes anything. */
export const adminFeatures: readonly Feature[] = [
  panelFeature,
  editFeature,
  editPartsFeature,
  trashFeature,
  draftsFeature,
  draftIntakeFeature,
];
