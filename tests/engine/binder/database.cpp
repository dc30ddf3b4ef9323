#include "tests/engine/binder/database.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "catalog/transaction.hpp"
#include "engine/optimizer/optimizer.hpp"
#include "engine/plan/explain.hpp"
#include "grammar/parser.hpp"
#include "repr/text_format.hpp"
#include "storage/snapshot.hpp"
#include "tests/engine/plans.hpp"

namespace tailrace::engine::testing {

namespace {

ast::Query parse_query(const std::string& sql) {
  const ast::Statement statement = grammar::parse_statement(sql);
  return std::get<ast::SelectStatement>(statement.node).query;
}

catalog::CatalogPtr with_schema() {
  catalog::CatalogTransaction transaction(std::make_shared<const catalog::Catalog>());
  catalog::Database database{.id = catalog::DatabaseId::user(1), .name = "materialize"};
  const auto id = database.id;
  transaction.create(std::move(database));
  transaction.create(
      catalog::Schema{.id = catalog::SchemaId::user(1), .name = "public", .database = id});
  return transaction.committed(1);
}

catalog::CatalogPtr with_item(const catalog::CatalogPtr& base, catalog::Item item) {
  catalog::CatalogTransaction transaction(base);
  item.id = transaction.next_item_id();
  item.schema = catalog::SchemaId::user(1);
  transaction.create(std::move(item));
  return transaction.committed(base->version() + 1);
}

std::string line_of(const Batch& batch, std::size_t row) {
  std::string line;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = *batch.columns[i];
    line += (i == 0 ? "" : "|") +
            (column.is_null(row) ? std::string("NULL") : to_text(column.type(), column.value(row)));
  }
  return line;
}

}  // namespace

void Database::table(const std::string& name, std::vector<ColumnSchema> columns,
                     const std::vector<std::vector<std::string>>& rows) {
  if (!catalog_) catalog_ = with_schema();
  std::vector<Type> types;
  for (const ColumnSchema& column : columns) types.push_back(column.type);
  catalog::Item item{.name = name, .body = catalog::Table{.schema = {std::move(columns)}}};
  catalog_ = with_item(catalog_, std::move(item));
  const catalog::Item* made = catalog_->find_item({.parts = {{name}}}, {});
  rows_[catalog::collection_of(made->id).value] = by_hand::rows(types, rows);
}

void Database::view(const std::string& name, const std::string& sql) {
  const ast::Query query = parse_query(sql);
  BindContext binding = context(Purpose::view);
  const BoundRelation bound = bind_relation(query, binding);
  BindContext naming = context(Purpose::view);
  catalog::View body{.schema = bound.schema,
                     .query = std::make_shared<const ast::Query>(qualify_names(query, naming))};
  catalog_ = with_item(catalog_, {.name = name, .body = std::move(body)});
}

BindContext Database::context(Purpose purpose) const {
  return {.catalog = *catalog_, .purpose = purpose};
}

BoundQuery Database::bind(const std::string& sql) const {
  BindContext binding = context();
  return bind_query(parse_query(sql), binding);
}

std::vector<std::string> Database::run(const BoundQuery& query) const {
  by_hand::Inputs inputs;
  for (const auto& [collection, rows] : rows_) inputs.add(collection, {rows});
  std::vector<std::string> lines;
  try {
    const OnceOptions options{.inputs = inputs};
    run_once(query.plan, query.finishing, options, [&](const Batch& batch) {
      for (std::size_t row = 0; row < batch.rows; ++row) lines.push_back(line_of(batch, row));
    });
  } catch (const SqlError& error) {
    return {"ERROR: " + error.message()};
  }
  if (query.finishing.order_by.empty()) std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Database::run(const std::string& sql) const {
  CAPTURE(sql);
  BoundQuery query;
  try {
    query = bind(sql);
  } catch (const SqlError& error) {
    return {"ERROR: " + error.message()};
  }
  const std::vector<std::string> plain = run(query);
  const std::string bound_plan = explain(query.plan);
  query.plan = optimize(query.plan);
  std::vector<std::string> optimized = run(query);
  CAPTURE(bound_plan);
  CAPTURE(explain(query.plan));
  CHECK(plain == optimized);
  return optimized;
}

std::string Database::plan(const std::string& sql, bool optimized) const {
  BoundQuery query = bind(sql);
  if (optimized) query.plan = optimize(query.plan);
  return "\n" + explain(query.plan, query.finishing);
}

std::string Database::error(const std::string& sql) const {
  try {
    bind(sql);
  } catch (const SqlError& error) {
    std::string text = error.message();
    if (!error.hint().empty()) text += " | " + error.hint();
    if (error.position() != 0) text += " @" + std::to_string(error.position());
    return text;
  }
  return "no error";
}

std::string Database::columns(const std::string& sql) const {
  std::string text;
  for (const ColumnSchema& column : bind(sql).schema.columns) {
    text += (text.empty() ? "" : ", ") + column.name + " " + column.type.name() +
            (column.nullable ? "?" : "");
  }
  return text;
}

const Database& shop() {
  static const Database database = [] {
    Database made;
    const Type integer = TypeId::int4;
    made.table("item", {{"id", integer, false}, {"cat", integer, true}, {"price", integer, true}},
               {{"1", "1", "10"},
                {"2", "1", "20"},
                {"3", "2", "30"},
                {"4", "NULL", "40"},
                {"5", "9", "NULL"}});
    made.table("cat", {{"id", integer, false}, {"label", TypeId::text, true}},
               {{"1", "tools"}, {"2", "toys"}, {"3", "empty"}});
    made.table("hot", {{"id", integer, true}, {"score", integer, true}},
               {{"1", "5"}, {"1", "5"}, {"1", "7"}, {"3", "NULL"}, {"NULL", "9"}});
    made.view("dear", "SELECT id, price FROM item WHERE price >= 20");
    return made;
  }();
  return database;
}

}  // namespace tailrace::engine::testing
