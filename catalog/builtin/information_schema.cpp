// information_schema: relations, columns, views and schemas, as the SQL standard names them.
#include "catalog/builtin/declare.hpp"

namespace tailrace::catalog {

namespace {

constexpr std::string_view schema = "information_schema";

BuiltinView tables() {
  return view(
      16861, schema, "tables", "Relations.",
      {{"table_catalog", text_type},
       {"table_schema", text_type},
       {"table_name", text_type},
       {"table_type", text_type}},
      R"(SELECT pg_catalog.current_database() AS table_catalog, s.name AS table_schema, o.name AS table_name,
                CASE o.type WHEN 'table' THEN 'BASE TABLE' ELSE upper(replace(o.type, '-', ' ')) END AS table_type
           FROM mz_catalog.mz_relations o
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView columns() {
  return view(
      16854, schema, "columns", "Columns of relations.",
      {{"table_catalog", text_type},
       {"table_schema", text_type},
       {"table_name", text_type},
       {"column_name", text_type},
       {"ordinal_position", TypeId::int8},
       {"column_default", text_type, nullable},
       {"is_nullable", text_type},
       {"data_type", text_type},
       {"character_maximum_length", TypeId::int4, nullable},
       {"numeric_precision", TypeId::int4, nullable},
       {"numeric_scale", TypeId::int4, nullable}},
      R"(SELECT pg_catalog.current_database() AS table_catalog, s.name AS table_schema, o.name AS table_name,
                c.name AS column_name, c.position::int8 AS ordinal_position, c."default" AS column_default,
                CASE WHEN c.nullable THEN 'YES' ELSE 'NO' END AS is_nullable, c.type AS data_type,
                NULL::int4 AS character_maximum_length, NULL::int4 AS numeric_precision, NULL::int4 AS numeric_scale
           FROM mz_catalog.mz_columns c
           JOIN mz_catalog.mz_relations o ON o.id = c.id
           JOIN mz_catalog.mz_schemas s ON s.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases d ON d.id = s.database_id
          WHERE s.database_id IS NULL OR d.name = pg_catalog.current_database())");
}

BuiltinView views() {
  return view(16865, schema, "views", "Views.",
              {{"table_catalog", text_type},
               {"table_schema", text_type},
               {"table_name", text_type},
               {"view_definition", text_type}},
              R"(SELECT pg_catalog.current_database() AS table_catalog, schemaname AS table_schema,
                viewname AS table_name, definition AS view_definition
           FROM pg_catalog.pg_views)");
}

BuiltinView schemata() {
  return view(16860, schema, "schemata", "Schemas.",
              {{"catalog_name", text_type}, {"schema_name", text_type}},
              R"(SELECT pg_catalog.current_database() AS catalog_name, nspname AS schema_name
           FROM pg_catalog.pg_namespace)");
}

}  // namespace

std::vector<BuiltinView> information_schema_views() {
  return {tables(), columns(), views(), schemata()};
}

}  // namespace tailrace::catalog
