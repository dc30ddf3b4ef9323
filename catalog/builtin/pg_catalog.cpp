// The relations of pg_catalog that have rows: what psql, drivers and tools look around in. Each shows the objects of the
// current database and those of the system.
#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

namespace {

constexpr std::string_view schema = "pg_catalog";

const Type int2_type = TypeId::int2;
const Type int4_type = TypeId::int4;
const Type char_type = TypeId::char1;

BuiltinView pg_class() {
  return view(
      16795, schema, "pg_class", "Relations and indexes.",
      {{"oid", oid_type},
       {"relname", text_type},
       {"relnamespace", oid_type},
       {"reloftype", oid_type},
       {"relowner", oid_type},
       {"relam", oid_type},
       {"reltablespace", oid_type},
       {"reltuples", TypeId::float4},
       {"reltoastrelid", oid_type},
       {"relhasindex", bool_type},
       {"relpersistence", char_type},
       {"relkind", text_type, nullable},
       {"relnatts", int2_type},
       {"relchecks", int2_type},
       {"relhasrules", bool_type},
       {"relhastriggers", bool_type},
       {"relhassubclass", bool_type},
       {"relrowsecurity", bool_type},
       {"relforcerowsecurity", bool_type},
       {"relreplident", char_type},
       {"relispartition", bool_type},
       {"relhasoids", bool_type},
       {"reloptions", text_array_type, nullable}},
      R"(SELECT o.oid, o.name AS relname, s.oid AS relnamespace, 0::oid AS reloftype, r.oid AS relowner,
                0::oid AS relam, 0::oid AS reltablespace, -1::real AS reltuples, 0::oid AS reltoastrelid,
                coalesce(i.indexes, 0) > 0 AS relhasindex, 'p'::"char" AS relpersistence,
                CASE o.type WHEN 'table' THEN 'r' WHEN 'source' THEN 'r' WHEN 'index' THEN 'i' WHEN 'view' THEN 'v'
                            WHEN 'materialized-view' THEN 'm' END AS relkind,
                coalesce(n.width, k.width, 0)::int2 AS relnatts, 0::int2 AS relchecks,
                false AS relhasrules, false AS relhastriggers, false AS relhassubclass, false AS relrowsecurity,
                false AS relforcerowsecurity, 'd'::"char" AS relreplident, false AS relispartition,
                false AS relhasoids, NULL::text[] AS reloptions
           FROM mz_catalog.mz_objects o
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           JOIN mz_catalog.mz_roles r ON r.id = o.owner_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
           LEFT JOIN (SELECT on_id, count(*) AS indexes FROM mz_catalog.mz_indexes GROUP BY on_id) i ON i.on_id = o.id
           LEFT JOIN (SELECT id, count(*) AS width FROM mz_catalog.mz_columns GROUP BY id) n ON n.id = o.id
           LEFT JOIN (SELECT index_id, count(*) AS width FROM mz_catalog.mz_index_columns GROUP BY index_id) k
             ON k.index_id = o.id
          WHERE o.type IN ('table', 'source', 'view', 'materialized-view', 'index')
            AND (s.database_id IS NULL OR d.name = pg_catalog.current_database()))");
}

BuiltinView pg_attribute() {
  return view(
      16802, schema, "pg_attribute", "Columns of relations.",
      {{"attrelid", oid_type},
       {"attname", text_type},
       {"atttypid", oid_type},
       {"attlen", int2_type, nullable},
       {"attnum", int2_type},
       {"atttypmod", int4_type},
       {"attndims", int2_type},
       {"attnotnull", bool_type},
       {"atthasdef", bool_type},
       {"attidentity", char_type},
       {"attgenerated", char_type},
       {"attisdropped", bool_type},
       {"attcollation", oid_type}},
      R"(SELECT o.oid AS attrelid, c.name AS attname, c.type_oid AS atttypid, NULL::int2 AS attlen,
                c.position::int2 AS attnum, c.type_mod AS atttypmod, 0::int2 AS attndims, NOT c.nullable AS attnotnull,
                c."default" IS NOT NULL AS atthasdef, ''::"char" AS attidentity, ''::"char" AS attgenerated,
                false AS attisdropped, 0::oid AS attcollation
           FROM mz_catalog.mz_columns c
           JOIN mz_catalog.mz_relations o ON o.id = c.id
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_attrdef() {
  return view(
      16807, schema, "pg_attrdef", "Defaults of columns.",
      {{"oid", oid_type, nullable},
       {"adrelid", oid_type},
       {"adnum", TypeId::int8},
       {"adbin", text_type},
       {"adsrc", text_type}},
      R"(SELECT NULL::oid AS oid, o.oid AS adrelid, c.position::int8 AS adnum, c."default" AS adbin,
                c."default" AS adsrc
           FROM mz_catalog.mz_columns c
           JOIN mz_catalog.mz_relations o ON o.id = c.id
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE c."default" IS NOT NULL
            AND (s.database_id IS NULL OR d.name = pg_catalog.current_database()))");
}

BuiltinView pg_namespace() {
  return view(16794, schema, "pg_namespace", "Schemas.",
              {{"oid", oid_type},
               {"nspname", text_type},
               {"nspowner", oid_type},
               {"nspacl", text_array_type, nullable}},
              R"(SELECT s.oid, s.name AS nspname, r.oid AS nspowner, NULL::text[] AS nspacl
           FROM mz_catalog.mz_schemas s
           JOIN mz_catalog.mz_roles r ON r.id = s.owner_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_database() {
  return view(
      16797, schema, "pg_database", "Databases.",
      {{"oid", oid_type},
       {"datname", text_type},
       {"datdba", oid_type},
       {"encoding", int4_type},
       {"datistemplate", bool_type},
       {"datallowconn", bool_type},
       {"datcollate", text_type},
       {"datctype", text_type},
       {"datacl", text_array_type, nullable}},
      R"(SELECT d.oid, d.name AS datname, r.oid AS datdba, 6 AS encoding, false AS datistemplate,
                true AS datallowconn, 'C' AS datcollate, 'C' AS datctype, NULL::text[] AS datacl
           FROM mz_catalog.mz_databases d JOIN mz_catalog.mz_roles r ON r.id = d.owner_id)");
}

BuiltinView pg_index() {
  return view(
      16798, schema, "pg_index", "Keys of indexes.",
      {{"indexrelid", oid_type},
       {"indrelid", oid_type},
       {"indnatts", int2_type},
       {"indisunique", bool_type},
       {"indisprimary", bool_type},
       {"indimmediate", bool_type},
       {"indisclustered", bool_type},
       {"indisvalid", bool_type},
       {"indisreplident", bool_type},
       {"indkey", TypeId::int2vector},
       {"indoption", TypeId::int2vector},
       {"indexprs", text_type, nullable},
       {"indpred", text_type, nullable}},
      R"(SELECT i.oid AS indexrelid, o.oid AS indrelid, k.parts AS indnatts, false AS indisunique,
                false AS indisprimary, false AS indimmediate, false AS indisclustered, true AS indisvalid,
                false AS indisreplident, k.numbers AS indkey, k.zeros AS indoption, k.expressions AS indexprs,
                NULL::text AS indpred
           FROM mz_catalog.mz_indexes i
           JOIN mz_catalog.mz_relations o ON o.id = i.on_id
           JOIN (SELECT index_id, count(*)::int2 AS parts,
                        string_agg(coalesce(on_position, 0)::text, ' ' ORDER BY index_position)::int2vector AS numbers,
                        string_agg('0', ' ')::int2vector AS zeros,
                        string_agg('{' || on_expression || '}', ', ' ORDER BY index_position) AS expressions
                   FROM mz_catalog.mz_index_columns GROUP BY index_id) k ON k.index_id = i.id
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_indexes() {
  return view(
      16799, schema, "pg_indexes", "Indexes by name.",
      {{"table_catalog", text_type},
       {"schemaname", text_type},
       {"tablename", text_type},
       {"indexname", text_type},
       {"tablespace", text_type, nullable},
       {"indexdef", text_type, nullable}},
      R"(SELECT pg_catalog.current_database() AS table_catalog, s.name AS schemaname, o.name AS tablename,
                i.name AS indexname, NULL::text AS tablespace, NULL::text AS indexdef
           FROM mz_catalog.mz_indexes i
           JOIN mz_catalog.mz_relations o ON o.id = i.on_id
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_type() {
  return view(
      16801, schema, "pg_type", "Types.",
      {{"oid", oid_type},
       {"typname", text_type},
       {"typnamespace", oid_type},
       {"typowner", oid_type},
       {"typlen", int2_type, nullable},
       {"typtype", char_type},
       {"typcategory", char_type},
       {"typdelim", char_type},
       {"typrelid", oid_type},
       {"typelem", oid_type},
       {"typarray", oid_type},
       {"typinput", TypeId::regproc},
       {"typreceive", oid_type},
       {"typnotnull", bool_type},
       {"typbasetype", oid_type},
       {"typtypmod", int4_type},
       {"typcollation", oid_type},
       {"typdefault", text_type, nullable}},
      // Arrays are named after their elements.
      R"(SELECT t.oid, t.name AS typname, s.oid AS typnamespace, r.oid AS typowner, NULL::int2 AS typlen,
                CASE t.category WHEN 'list' THEN 'l' WHEN 'pseudo' THEN 'p' ELSE 'b' END::"char" AS typtype,
                CASE t.category WHEN 'array' THEN 'A' WHEN 'bit-string' THEN 'V' WHEN 'boolean' THEN 'B'
                                WHEN 'composite' THEN 'C' WHEN 'date-time' THEN 'D' WHEN 'enum' THEN 'E'
                                WHEN 'geometric' THEN 'G' WHEN 'list' THEN 'U' WHEN 'network-address' THEN 'I'
                                WHEN 'numeric' THEN 'N' WHEN 'pseudo' THEN 'P' WHEN 'string' THEN 'S'
                                WHEN 'timespan' THEN 'T' WHEN 'user-defined' THEN 'U' ELSE 'X' END::"char" AS typcategory,
                ','::"char" AS typdelim, 0::oid AS typrelid, coalesce(e.oid, 0::oid) AS typelem,
                coalesce(a.oid, 0::oid) AS typarray, 0::regproc AS typinput, 0::oid AS typreceive, false AS typnotnull,
                0::oid AS typbasetype, -1 AS typtypmod, 0::oid AS typcollation, NULL::text AS typdefault
           FROM mz_catalog.mz_types t
           JOIN mz_catalog.mz_schemas s ON s.id = t.schema_id
           JOIN mz_catalog.mz_roles r ON r.id = t.owner_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
           LEFT JOIN mz_catalog.mz_types e ON t.category = 'array' AND s.database_id IS NULL
                                          AND t.name = '_' || e.name AND e.schema_id = t.schema_id
           LEFT JOIN mz_catalog.mz_types a ON a.category = 'array' AND s.database_id IS NULL
                                          AND a.name = '_' || t.name AND a.schema_id = t.schema_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_description() {
  return view(
      16800, schema, "pg_description", "Comments on relations, types and schemas.",
      {{"objoid", oid_type},
       {"classoid", oid_type, nullable},
       {"objsubid", int4_type},
       {"description", text_type}},
      R"(SELECT o.oid AS objoid, CASE o.type WHEN 'type' THEN 16801 ELSE 16795 END::oid AS classoid,
                coalesce(c.object_sub_id, 0) AS objsubid, c.comment AS description
           FROM mz_internal.mz_comments c
           JOIN mz_catalog.mz_objects o ON o.id = c.id AND o.type = c.object_type
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE o.type IN ('table', 'source', 'view', 'materialized-view', 'index', 'type')
            AND (s.database_id IS NULL OR d.name = pg_catalog.current_database())
         UNION ALL
         SELECT s.oid, 16794::oid, 0, c.comment
           FROM mz_internal.mz_comments c
           JOIN mz_catalog.mz_schemas s ON s.id = c.id AND c.object_type = 'schema'
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView pg_depend() {
  return view(
      16796, schema, "pg_depend", "What relations and indexes cannot be without.",
      {{"classid", oid_type, nullable},
       {"objid", oid_type},
       {"objsubid", int4_type},
       {"refclassid", oid_type, nullable},
       {"refobjid", oid_type},
       {"refobjsubid", int4_type},
       {"deptype", char_type}},
      R"(SELECT 16795::oid AS classid, a.oid AS objid, 0 AS objsubid, 16795::oid AS refclassid,
                b.oid AS refobjid, 0 AS refobjsubid, 'n'::"char" AS deptype
           FROM mz_internal.mz_object_dependencies d
           JOIN mz_catalog.mz_objects a ON a.id = d.object_id
           JOIN mz_catalog.mz_objects b ON b.id = d.referenced_object_id
          WHERE a.oid IN (SELECT oid FROM pg_catalog.pg_class) AND b.oid IN (SELECT oid FROM pg_catalog.pg_class))");
}

}  // namespace

std::vector<BuiltinView> pg_catalog_views() {
  return {pg_class(), pg_attribute(), pg_attrdef(), pg_namespace(),   pg_database(),
          pg_index(), pg_indexes(),   pg_type(),    pg_description(), pg_depend()};
}

}  // namespace tailrace::catalog
