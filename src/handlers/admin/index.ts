/** Everything only admins can do. */
import { adminActionOf } from '../../bot/asked.ts';
import { router } from '../../bot/router.ts';
import type { Stage } from '../../bot/step.ts';
import { adminsFeature, auditFeature } from './admins.ts';
import { archiveFeature, archiveOwnersFeature } from './archive.ts';
import { backupFeature } from './backup.ts';
import { broadcastFeature } from './broadcast.ts';
import { channelsAdminFeature } from './channels.ts';
import { botAdded, chatsFeature } from './chats.ts';
import { draftIntake } from './draft-intake.ts';
import { draftsFeature } from './drafts.ts';
import { editFeature } from './edit.ts';
import { editPartsFeature } from './edit-parts.ts';
import { exportFeature } from './export.ts';
import { failuresFeature } from './failures.ts';
import { groupsAdminFeature } from './groups.ts';
import { importedFile, importFeature, otherFile } from './import.ts';
import { momentFeature } from './moment.ts';
import { foundFile, movingFeature } from './moving.ts';
import { panelFeature } from './panel.ts';
import { peopleFeature } from './people.ts';
import { postingFeature } from './posting.ts';
import { selfTestFeature } from './self-test.ts';
import { statisticsFeature } from './statistics.ts';
import { trashFeature } from './trash.ts';

const features = [
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
  auditFeature,
  adminsFeature,
  exportFeature,
  selfTestFeature,
  backupFeature,
  momentFeature,
  archiveFeature,
  archiveOwnersFeature,
  movingFeature,
  importFeature,
  draftsFeature,
];

/** Answers to a question come before the wizard and the import: a question takes anything. */
export const adminStages: readonly Stage[] = [
  router(features, adminActionOf),
  botAdded,
  importedFile,
  foundFile,
  draftIntake,
  otherFile,
];
