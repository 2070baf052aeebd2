/** Times in the database: text `YYYY-MM-DD HH:MM:SS`, UTC (spec/bot.md "Data"). */
export function toSqlTime(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
