/** Names of tables and columns in other bots: Uzbek, Russian and English words for a few things. */
import { fold } from '../../../text/uzbek-fold.ts';

/**
 * In order of trust. They are compared as {@link plain} writes them, so each stands here in one
 * alphabet.
 */
const WORDS: Readonly<Record<string, string>> = {
  code: 'code|kod|kodi|animecode|animekod|animekodi|kinocode|kinokod|kinokodi|filmcode|filmkodi|moviecode',
  title: 'title|nomi|nom|name|animename|animenomi|kinonomi|filmname|filmnomi|moviename|sarlavha|nazvanie',
  description: 'description|caption|tavsif|tavsifi|izoh|malumot|desc|about|text|matn|opisanie',
  photo_id: 'photoid|photo|photofileid|rasm|rasmid|poster|posterid|image|imageid|thumb|foto',
  file_id: 'fileid|videofileid|videoid|video|file|fayl|faylid|filefileid|media|mediaid|documentid',
  genres: 'genres|genre|janr|janri|janrlar',
  year: 'year|yil|yili',
  part_number:
    'partnumber|part|episode|episodenumber|ep|qism|qismraqami|qismi|seriya|seria|series|number|raqam|raqami|nomer',
  season: 'season|seasonnumber|fasl|sezon|mavsum',
  user_id: 'userid|telegramid|tgid|chatid|tguserid|foydalanuvchiid|polzovatelid|azoid',
  username: 'username|login',
  first_name: 'firstname|fullname|name|ism|ismi|imya',
  last_name: 'lastname|familiya',
  created_at: 'createdat|created|joinedat|joindate|regdate|registeredat|date|sana|vaqt|qoshilgan',
  viewed_at: 'viewedat|watchedat|createdat|date|sana|vaqt|time',
  anime: 'animeid|kinoid|filmid|movieid|serialid|contentid',
  anime_code:
    'animecode|animekod|animekodi|kinokod|kinokodi|kinocode|filmcode|filmkodi|moviecode|code|kod|kodi',
  channel_id: 'channelid|kanalid|chatid|channel|kanal|username',
  group_id: 'groupid|guruhid|chatid',
  link: 'link|url|havola|invitelink|silka',
};
export const NESTED: readonly string[] = wordsOf(
  'parts|episodes|qismlar|qismlari|seriyalar|series|videos|videolar|files|fayllar',
);
export const USERS = named('user|foydalanuvchi|member|azo|obunachi|people|odamlar|polzovatel');
export const HISTORY = named('histor|tarix|view|watch|korish|istoriya');
export const FAVOURITES = named('fav|sevimli|saqla|bookmark|saved|izbrann');
export const CHANNELS = named('channel|kanal|majburiy|sponsor');
export const GROUPS = named('group|guruh|gruppa');
export const NOT_OURS = named('admin|setting|sozlama|payment|tolov|migration');
export const LOG = /log$/;
export const CATALOGUE = named('anime|kino|film|movie|serial|serie|multfilm|episode|qism|video');

/** The column that is a field of ours by its name. */
export function findColumn(columns: readonly string[], field: string): string | undefined {
  return wordsOf(WORDS[field] ?? '')
    .map((word) => columns.find((column) => plain(column) === word))
    .find((column) => column !== undefined);
}

/** One spelling for Latin and Cyrillic, without capitals, spaces and signs. */
export function plain(name: string): string {
  return fold(name).replaceAll(' ', '');
}

/** Whether a plain name holds one of the words. */
function named(words: string): (table: string) => boolean {
  const stems = wordsOf(words);
  return (table) => stems.some((stem) => table.includes(stem));
}

function wordsOf(words: string): string[] {
  return words.split('|').map(plain);
}
