/**
 * Limits of the Bot API as the stand-in enforces them. Sources: https://core.telegram.org/bots/api,
 * /bots/faq, and the open sources of telegram-bot-api and TDLib.
 */

/** UTF-16 units after entity parsing. */
export const TEXT_MAX = 4096;
/** UTF-16 units after entity parsing. */
export const CAPTION_MAX = 1024;
/** Bytes of UTF-8 accepted before entities are parsed (telegram-bot-api, get_formatted_text). */
export const RAW_TEXT_BYTES_MAX = 32_768;
/** Bytes of UTF-8. */
export const CALLBACK_DATA_BYTES_MAX = 64;
/** UTF-16 units. */
export const CALLBACK_ANSWER_MAX = 200;
/** Buttons in one keyboard. */
export const BUTTONS_MAX = 100;
/** Buttons shown in one row; further ones wrap in the apps. */
export const ROW_MAX = 8;
export const INLINE_RESULTS_MAX = 50;
/** Bytes of UTF-8 of an inline result's id. */
export const INLINE_RESULT_ID_MAX = 64;
export const MESSAGE_IDS_MAX = 100;
/** Bytes of a bot's upload. */
export const UPLOAD_MAX = 50 * 1024 * 1024;
/** Bytes of an uploaded photo. */
export const PHOTO_UPLOAD_MAX = 10 * 1024 * 1024;
/** Bytes of a file a bot may download. */
export const DOWNLOAD_MAX = 20 * 1024 * 1024;
/** Seconds a bot may delete a message after it was sent. */
export const DELETE_WINDOW = 48 * 3600;
/** Seconds a callback query can be answered (not documented; 15 s is what developers measure). */
export const CALLBACK_TTL = 15;
/** Seconds an inline query can be answered. */
export const INLINE_TTL = 30;
/** A deep link's payload. */
export const START_PAYLOAD = /^[A-Za-z0-9_-]{1,64}$/;
/** Seconds after which an undelivered update is dropped, by kind (telegram-bot-api, add_update). */
export const UPDATE_TTL = {
  message: 86_400,
  callback_query: 150,
  inline_query: 30,
  chosen_inline_result: 600,
};
/** Flood limits (bots/faq): a chat per second, a group per minute, all chats per second. */
export const FLOOD = { chatPerSecond: 1, groupPerMinute: 20, overallPerSecond: 30 };
