/** Everything only admins can do, in the order it is asked. */
import type { Feature } from '../../bot/feature.ts';
import { adminsFeature } from './admins.ts';
import { backupFeature } from './backup.ts';
import { broadcastFeature } from './broadcast.ts';
import { channelsAdminFeature } from './channels.ts';
import { chatsFeature } from './chats.ts';
import { draftIntakeFeature } from './draft-intake.ts';
import { draftsFeature } from './drafts.ts';
import { editFeature } from './edit.ts';
import { editPartsFeature } from './edit-parts.ts';
import { exportFeature } from './export.ts';
import { failuresFeature } from './failures.ts';
import { groupsAdminFeature } from './groups.ts';
import { importFeature } from './import.ts';
import { panelFeature } from './panel.ts';
import { peopleFeature } from './people.ts';
import { postingFeature } from './posting.ts';
import { selfTestFeature } from './self-test.ts';
import { statisticsFeature } from './statistics.ts';
import { trashFeature } from './trash.ts';

/** Answers to questions come before the wizard: only one of them is open, but a question takes anything. */
export const adminFeatures: readonly Feature[] = [
  panelFeature,
  failuresFeature,
  editFeature,
  editPartsFeature,
  trashFeature,
  chatsFeature,
  groupsAdminFeature,
  channelsAdminFeature,
  postingFeature,
  broadcastFeature,
  statisticsFeature,
  peopleFeature,
  adminsFeature,
  exportFeature,
  selfTestFeature,
  backupFeature,
  importFeature,
  draftsFeature,
  draftIntakeFeature,
];
