/**
 * The schema as the document carries it: enough to create the database anew and to know what every
 * row means.
 */
import * as v from 'valibot';
import type { DatabaseSchema, TableInfo } from '../model/model.ts';

/**
 * A database's schema, less its indexes (their SQL is among the objects) and the schema cookie
 * (which says nothing about a copy).
 */
export type DocumentSchema = Pick<DatabaseSchema, 'objects' | 'tables' | 'userVersion' | 'applicationId'>;

const int32 = v.pipe(v.number(), v.integer(), v.minValue(-(2 ** 31)), v.maxValue(2 ** 32 - 1));

const columnJson = v.strictObject({
  name: v.string(),
  type: v.string(),
  not_null: v.boolean(),
  default: v.nullable(v.string()),
  primary_key: v.pipe(v.number(), v.integer(), v.minValue(0)),
  generated: v.picklist(['no', 'virtual', 'stored']),
});

export const schemaJson = v.strictObject({
  user_version: int32,
  application_id: int32,
  objects: v.array(
    v.strictObject({
      type: v.picklist(['table', 'index', 'view', 'trigger']),
      name: v.string(),
      table: v.string(),
      sql: v.nullable(v.string()),
      storage: v.boolean(),
    }),
  ),
  tables: v.array(
    v.pipe(
      v.strictObject({
        name: v.string(),
        kind: v.picklist(['table', 'shadow', 'internal']),
        without_rowid: v.boolean(),
        strict: v.boolean(),
        autoincrement: v.boolean(),
        rowid_alias: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
        columns: v.array(columnJson),
      }),
      v.check(({ rowid_alias: at, columns }) => at === null || columns[at]?.generated === 'no'),
    ),
  ),
});

type SchemaJson = v.InferOutput<typeof schemaJson>;

export function schemaToJson(schema: DocumentSchema): SchemaJson {
  return {
    user_version: schema.userVersion,
    application_id: schema.applicationId,
    objects: schema.objects.map(({ type, name, tableName, sql, hasStorage }) => {
      return { type, name, table: tableName, sql, storage: hasStorage };
    }),
    tables: schema.tables.map((table) => ({
      name: table.name,
      kind: table.kind,
      without_rowid: table.withoutRowid,
      strict: table.strict,
      autoincrement: table.autoincrement,
      rowid_alias: table.rowidAlias,
      columns: table.columns.map(({ name, declaredType, notNull, defaultValue, primaryKey, generated }) => {
        return {
          name,
          type: declaredType,
          not_null: notNull,
          default: defaultValue,
          primary_key: primaryKey,
          generated,
        };
      }),
    })),
  };
}

/** The inverse of {@link schemaToJson}. */
export function schemaFromJson(json: SchemaJson): DocumentSchema {
  const { objects } = json;
  const sqlOf = new Map(objects.filter(({ type }) => type === 'table').map(({ name, sql }) => [name, sql]));
  const tables = json.tables.map((table): TableInfo => {
    return {
      name: table.name,
      kind: table.kind,
      sql: sqlOf.get(table.name) ?? null,
      withoutRowid: table.without_rowid,
      strict: table.strict,
      autoincrement: table.autoincrement,
      rowidAlias: table.rowid_alias,
      columns: table.columns.map((column) => ({
        name: column.name,
        declaredType: column.type,
        notNull: column.not_null,
        defaultValue: column.default,
        primaryKey: column.primary_key,
        generated: column.generated,
      })),
    };
  });
  return {
    userVersion: json.user_version,
    applicationId: json.application_id,
    objects: objects.map(({ type, name, table, sql, storage }) => {
      return { type, name, tableName: table, sql, hasStorage: storage };
    }),
    tables,
  };
}
