import { badRequest } from '../api-errors.ts';
import { DOWNLOAD_MAX } from '../api-limits.ts';
import type { Method } from './method.ts';

export const downloadMethods: Record<string, Method> = {
  getFile: ({ world, args }) => {
    const fileId = args.text('file_id');
    if (fileId === '') throw badRequest('file_id not specified');
    const file = world.files.byId(fileId, 'wrong file_id or the file is temporarily unavailable');
    if (file.size > DOWNLOAD_MAX) throw badRequest('file is too big');
    return {
      file_id: fileId,
      file_unique_id: file.uniqueId,
      file_size: file.size,
      file_path: world.files.path(file),
    };
  },
};
