#include "catalog/builtin/declare.hpp"
#include "catalog/builtin/sql_text.hpp"

namespace tailrace::catalog {

namespace {

void database_row(const Catalog&, const Database& database, BuiltinRows& rows) {
  rows.add({{"id", id_text(database.id)},
            {"oid", oid(database.oid)},
            {"name", text(database.name)},
            {"owner_id", id_text(database.owner)},
            {"privileges", acl_array(database.privileges)}});
}

void schema_row(const Catalog&, const Schema& schema, BuiltinRows& rows) {
  rows.add({{"id", id_text(schema.id)},
            {"oid", oid(schema.oid)},
            {"database_id", id_text(schema.database)},
            {"name", text(schema.name)},
            {"owner_id", id_text(schema.owner)},
            {"privileges", acl_array(schema.privileges)}});
}

void table_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* body = item.as<Table>();
  if (body == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)},
            {"source_id", id_text(body->source)}});
}

void view_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* body = item.as<View>();
  if (body == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"definition", definition(*body->query)},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)}});
}

void materialized_view_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* body = item.as<MaterializedView>();
  if (body == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"cluster_id", id_text(body->cluster)},
            {"definition", definition(*body->query)},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)}});
}

void index_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  const auto* body = item.as<Index>();
  if (body == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"name", text(item.name)},
            {"on_id", id_text(body->on)},
            {"cluster_id", id_text(body->cluster)},
            {"owner_id", id_text(item.owner)},
            {"create_sql", create_sql(item)},
            {"redacted_create_sql", redacted_create_sql(item)}});
}

// The position of a plain column reference in the relation, from 0.
std::optional<std::size_t> column_position(const ast::Expression& key,
                                           const tailrace::Schema& relation) {
  const std::optional<std::string> name = plain_column(key);
  if (!name) return std::nullopt;
  for (std::size_t i = 0; i < relation.size(); ++i) {
    if (relation.columns[i].name == *name) return i;
  }
  return std::nullopt;
}

void index_column_rows(const Catalog& catalog, const Item& item, BuiltinRows& rows) {
  const auto* body = item.as<Index>();
  if (body == nullptr) return;
  const Item* on = catalog.find(body->on);
  // A relation that goes takes its indexes along: its columns are the ones that they had.
  if (on == nullptr) return;
  const tailrace::Schema& relation = *on->relation_schema();
  for (std::size_t i = 0; i < body->key.size(); ++i) {
    const auto position = column_position(body->key[i], relation);
    rows.add({{"index_id", id_text(item.id)},
              {"index_position", Value(std::uint64_t{i + 1})},
              {"on_position", position ? Value(std::uint64_t{*position + 1}) : Value(Null{})},
              {"on_expression", position ? Value(Null{}) : expression_text(body->key[i])},
              {"nullable", Value(position ? relation.columns[*position].nullable : true)}});
  }
}

void column_rows(const Catalog&, const Item& item, BuiltinRows& rows) {
  const tailrace::Schema* schema = item.relation_schema();
  if (schema == nullptr) return;
  const auto* table = item.as<Table>();
  for (std::size_t i = 0; i < schema->size(); ++i) {
    const ColumnSchema& column = schema->columns[i];
    const bool has_default = table && i < table->defaults.size() && table->defaults[i];
    // Of a user's table without a DEFAULT clause it is NULL, as SQL text.
    const bool has_null = table && !table->source && item.id.is_user();
    rows.add({{"id", id_text(item.id)},
              {"name", text(column.name)},
              {"position", Value(std::uint64_t{i + 1})},
              {"nullable", Value(column.nullable)},
              {"type", text(column.type.without_modifier().name())},
              {"default", has_default ? text(*table->defaults[i])
                          : has_null  ? text("NULL")
                                      : Value(Null{})},
              {"type_oid", oid(column.type.oid())},
              {"type_mod", Value(column.type.wire_modifier())}});
  }
}

void secret_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  if (item.as<Secret>() == nullptr) return;
  rows.add({{"id", id_text(item.id)},
            {"oid", oid(item.oid)},
            {"schema_id", id_text(item.schema)},
            {"name", text(item.name)},
            {"owner_id", id_text(item.owner)},
            {"privileges", acl_array(item.privileges)}});
}

void dependency_rows(const Catalog&, const Item& item, BuiltinRows& rows) {
  for (const ItemId used : item.uses) {
    rows.add({{"object_id", id_text(item.id)}, {"referenced_object_id", id_text(used)}});
  }
  // A source leads to its progress relation, which depends on nothing.
  if (const auto* source = item.as<Source>(); source && source->progress) {
    rows.add(
        {{"object_id", id_text(item.id)}, {"referenced_object_id", id_text(source->progress)}});
  }
}

void retention_row(const Catalog&, const Item& item, BuiltinRows& rows) {
  std::optional<std::uint64_t> milliseconds;
  if (const auto* table = item.as<Table>()) milliseconds = table->retain_history_ms;
  if (const auto* source = item.as<Source>()) milliseconds = source->retain_history_ms;
  if (const auto* view = item.as<MaterializedView>()) milliseconds = view->retain_history_ms;
  if (const auto* index = item.as<Index>()) milliseconds = index->retain_history_ms;
  if (!milliseconds) return;
  rows.add({{"id", id_text(item.id)},
            {"strategy", text("FOR")},
            {"value", text(std::to_string(*milliseconds))}});
}

void comment_rows(const Catalog& catalog, BuiltinRows& rows) {
  for (const auto& [key, comment] : catalog.comments()) {
    rows.add({{"id", text(key.object_id)},
              {"object_type", text(key.object_type)},
              {"object_sub_id", key.column == 0 ? Value(Null{}) : Value(std::int32_t{key.column})},
              {"comment", text(comment)}});
  }
}

}  // namespace

std::vector<BuiltinTable> object_tables() {
  std::vector<BuiltinTable> all;
  all.push_back(table(16702, "mz_catalog", "mz_databases", "Databases.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"name", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type}}));
  all.back().of_database = database_row;
  all.push_back(table(16703, "mz_catalog", "mz_schemas", "Schemas.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"database_id", text_type, nullable},
                       {"name", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type}}));
  all.back().of_schema = schema_row;
  all.push_back(table(16704, "mz_catalog", "mz_columns", "Columns of tables, sources and views.",
                      {{"id", text_type},
                       {"name", text_type},
                       {"position", uint8_type},
                       {"nullable", bool_type},
                       {"type", text_type},
                       {"default", text_type, nullable},
                       {"type_oid", oid_type},
                       {"type_mod", TypeId::int4}}));
  all.back().of_item = column_rows;
  all.push_back(table(16705, "mz_catalog", "mz_indexes", "Indexes.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"name", text_type},
                       {"on_id", text_type},
                       {"cluster_id", text_type},
                       {"owner_id", text_type},
                       {"create_sql", text_type},
                       {"redacted_create_sql", text_type}}));
  all.back().of_item = index_row;
  all.push_back(table(16706, "mz_catalog", "mz_index_columns", "Key parts of indexes, in order.",
                      {{"index_id", text_type},
                       {"index_position", uint8_type},
                       {"on_position", uint8_type, nullable},
                       {"on_expression", text_type, nullable},
                       {"nullable", bool_type}}));
  all.back().of_item = index_column_rows;
  all.push_back(table(16707, "mz_catalog", "mz_tables", "Tables.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"create_sql", text_type, nullable},
                       {"redacted_create_sql", text_type, nullable},
                       {"source_id", text_type, nullable}}));
  all.back().of_item = table_row;
  all.push_back(table(16712, "mz_catalog", "mz_views", "Views.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"definition", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"create_sql", text_type},
                       {"redacted_create_sql", text_type}}));
  all.back().of_item = view_row;
  all.push_back(table(16713, "mz_catalog", "mz_materialized_views", "Materialized views.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"cluster_id", text_type},
                       {"definition", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type},
                       {"create_sql", text_type},
                       {"redacted_create_sql", text_type}}));
  all.back().of_item = materialized_view_row;
  all.push_back(table(16727, "mz_catalog", "mz_secrets",
                      "Secrets; their values are nowhere in the catalog.",
                      {{"id", text_type},
                       {"oid", oid_type},
                       {"schema_id", text_type},
                       {"name", text_type},
                       {"owner_id", text_type},
                       {"privileges", acl_type}}));
  all.back().of_item = secret_row;
  all.push_back(table(16698, "mz_internal", "mz_object_dependencies",
                      "What each object cannot be without.",
                      {{"object_id", text_type}, {"referenced_object_id", text_type}}));
  all.back().of_item = dependency_rows;
  all.push_back(table(16952, "mz_internal", "mz_history_retention_strategies",
                      "How long history is kept.",
                      {{"id", text_type}, {"strategy", text_type}, {"value", TypeId::jsonb}}));
  all.back().of_item = retention_row;
  all.push_back(table(16766, "mz_internal", "mz_comments", "Comments on objects and columns.",
                      {{"id", text_type},
                       {"object_type", text_type},
                       {"object_sub_id", TypeId::int4, nullable},
                       {"comment", text_type}}));
  all.back().of_catalog = comment_rows;
  return all;
}

std::vector<BuiltinView> object_views() {
  std::vector<BuiltinView> all;
  all.push_back(view(
      16772, "mz_catalog", "mz_relations", "Tables, sources, views and materialized views.",
      {{"id", text_type},
       {"oid", oid_type},
       {"schema_id", text_type},
       {"name", text_type},
       {"type", text_type},
       {"owner_id", text_type},
       {"cluster_id", text_type, nullable},
       {"privileges", acl_type}},
      R"(SELECT id, oid, schema_id, name, 'table' AS type, owner_id, NULL::text AS cluster_id, privileges
           FROM mz_catalog.mz_tables
         UNION ALL
         SELECT id, oid, schema_id, name, 'source', owner_id, cluster_id, privileges FROM mz_catalog.mz_sources
         UNION ALL
         SELECT id, oid, schema_id, name, 'view', owner_id, NULL::text, privileges FROM mz_catalog.mz_views
         UNION ALL
         SELECT id, oid, schema_id, name, 'materialized-view', owner_id, cluster_id, privileges
           FROM mz_catalog.mz_materialized_views)"));
  all.push_back(view(
      16774, "mz_catalog", "mz_objects", "All objects that stand in schemas.",
      {{"id", text_type},
       {"oid", oid_type},
       {"schema_id", text_type},
       {"name", text_type},
       {"type", text_type},
       {"owner_id", text_type},
       {"cluster_id", text_type, nullable},
       {"privileges", acl_type, nullable}},
      R"(SELECT id, oid, schema_id, name, type, owner_id, cluster_id, privileges FROM mz_catalog.mz_relations
         UNION ALL
         SELECT i.id, i.oid, r.schema_id, i.name, 'index', i.owner_id, i.cluster_id, NULL::mz_aclitem[]
           FROM mz_catalog.mz_indexes i JOIN mz_catalog.mz_relations r ON r.id = i.on_id
         UNION ALL
         SELECT id, oid, schema_id, name, 'connection', owner_id, NULL::text, privileges
           FROM mz_catalog.mz_connections
         UNION ALL
         SELECT id, oid, schema_id, name, 'secret', owner_id, NULL::text, privileges FROM mz_catalog.mz_secrets
         UNION ALL
         SELECT id, oid, schema_id, name, 'type', owner_id, NULL::text, privileges FROM mz_catalog.mz_types)"));
  all.push_back(view(
      16775, "mz_internal", "mz_object_fully_qualified_names",
      "Objects with their schemas and databases.",
      {{"id", text_type},
       {"name", text_type},
       {"object_type", text_type},
       {"schema_id", text_type},
       {"schema_name", text_type},
       {"database_id", text_type, nullable},
       {"database_name", text_type, nullable},
       {"cluster_id", text_type, nullable}},
      R"(SELECT o.id, o.name, o.type AS object_type, sc.id AS schema_id, sc.name AS schema_name,
                db.id AS database_id, db.name AS database_name, o.cluster_id
           FROM mz_catalog.mz_objects o
           JOIN mz_catalog.mz_schemas sc ON sc.id = o.schema_id
           LEFT JOIN mz_catalog.mz_databases db ON db.id = sc.database_id)"));
  return all;
}

}  // namespace tailrace::catalog
