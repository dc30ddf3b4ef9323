// SQL queries and expressions in, typed plans out: names resolved, types chosen, views inlined,
// subqueries decorrelated.
//
//   * Throws SqlError with the dialect's text, SQLSTATE and (where one place is to blame) position.
//   * Plans are correct but not optimized: see optimizer/optimizer.hpp.
//   * Pure: reads the catalog value it is given, changes only what BindContext points at. Any
//   thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/expression/evaluate.hpp"
#include "engine/functions/function.hpp"
#include "engine/plan/plan.hpp"
#include "grammar/ast/query.hpp"
#include "grammar/ast/statement/data.hpp"
#include "repr/schema.hpp"

namespace tailrace::engine {

// What the plan is for; it decides what may depend on the session and on mz_now().
enum class Purpose : std::uint8_t {
  select,             // ad hoc: anything goes
  view,               // stored, not run: anything goes (who uses the view checks again)
  materialized_view,  // these three are maintained: only immutable functions, mz_now() only in
                      // temporal filters
  index,
  subscribe,
  write,       // INSERT .. SELECT, UPDATE, DELETE: no mz_now()
  expression,  // DEFAULT, SECRET AS, SET, EXECUTE arguments
};

constexpr bool is_maintained(Purpose purpose) {
  return purpose == Purpose::materialized_view || purpose == Purpose::index ||
         purpose == Purpose::subscribe;
}

// Type of $n at n - 1. The client's types go in; the binder fills what context decides.
using ParameterTypes = std::vector<std::optional<Type>>;

struct BindContext {
  const catalog::Catalog& catalog;
  catalog::NameScope scope;
  Purpose purpose = Purpose::select;
  // For literals of types like regclass, whose reading asks the catalog. Other stable functions
  // stay calls.
  const SessionContext* session = nullptr;
  ParameterTypes* parameters = nullptr;  // nullptr: $n is an error
  // Items read that are named directly (not through views), each once, in order of first use; the
  // table of a write only where its rows are looked at. May be nullptr.
  std::vector<catalog::ItemId>* dependencies = nullptr;
  // All stored items and kept views that the plan reads, through views too, each once. May be
  // nullptr.
  std::vector<catalog::ItemId>* reads = nullptr;
  // Views not to be inlined because an index holds them: read as collection_of(id). May be nullptr.
  const std::set<catalog::ItemId>* kept_views = nullptr;
  std::vector<Notice>* notices = nullptr;  // may be nullptr
};

struct BoundQuery {
  PlanPtr plan;         // also has the hidden columns that ORDER BY needs
  Finishing finishing;  // its projection gives the visible columns
  Schema schema;        // of the visible columns
  // LIMIT and OFFSET where they depend on parameters (else nullptr and in `finishing`).
  ScalarPtr limit;
  ScalarPtr offset;
};

// A query as the outermost one: its ORDER BY, LIMIT and OFFSET become the finishing.
BoundQuery bind_query(const ast::Query& query, BindContext& context);
// A query as the definition of a collection (view, SUBSCRIBE): LIMIT and OFFSET are part of the
// plan, ORDER BY without them means nothing. The plan has exactly the columns of `schema`.
struct BoundRelation {
  PlanPtr plan;
  Schema schema;
};
BoundRelation bind_relation(const ast::Query& query, BindContext& context);
// The whole of a relation of the catalog: stored, or its view's query.
BoundRelation bind_item(const catalog::Item& item, BindContext& context);

// After this no Parameter is left. `values[i]` is of the inferred type of $(i + 1). Throws for a
// bad LIMIT.
BoundQuery replace_parameters(BoundQuery query, const std::vector<Value>& values);
PlanPtr replace_parameters(const PlanPtr& plan, const std::vector<Value>& values);

// An expression without subqueries, over `columns` (nullptr: constant). With `wanted` it is cast in
// `cast`'s sense.
ScalarPtr bind_scalar(const ast::Expression& expression, const Schema* columns,
                      BindContext& context, std::optional<Type> wanted = std::nullopt,
                      CastContext cast = CastContext::assignment);
// Binds and evaluates a constant.
Value bind_constant(const ast::Expression& expression, BindContext& context, const Type& wanted,
                    CastContext cast = CastContext::assignment);
// The scalar cast to the type in this context, or the dialect's error.
ScalarPtr cast_scalar(ScalarPtr scalar, const Type& to, CastContext cast);

Type bind_type(const ast::TypeName& name, const catalog::Catalog& catalog,
               const catalog::NameScope& scope);
inline Type bind_type(const ast::TypeName& name, BindContext& context) {
  return bind_type(name, context.catalog, context.scope);
}

// Writes. The table must be a user's writable table: errors of statements.md 12.1.
struct BoundInsert {
  const catalog::Item* table = nullptr;
  PlanPtr plan;                      // rows of the table's schema, cast and with defaults
  bool constant = false;             // reads nothing: a blind write
  std::vector<ScalarPtr> returning;  // over the table's columns; `returning_schema` names them
  Schema returning_schema;
};
BoundInsert bind_insert(const ast::Insert& insert, BindContext& context);
// The rows of the table to take away.
struct BoundDelete {
  const catalog::Item* table = nullptr;
  PlanPtr plan;
};
BoundDelete bind_delete(const ast::Delete& statement, BindContext& context);
// Old row, then new row: twice the table's columns.
struct BoundUpdate {
  const catalog::Item* table = nullptr;
  PlanPtr plan;
};
BoundUpdate bind_update(const ast::Update& statement, BindContext& context);
// The default of each column of a table, as scalars over nothing (NULL where there is none).
std::vector<ScalarPtr> bind_defaults(const catalog::Item& table, BindContext& context);
// Throws the dialect's error unless INSERT, UPDATE, DELETE and COPY FROM may write the item.
void check_writable(const catalog::Item& item, const catalog::Catalog& catalog,
                    std::string_view verb);

// The same with every name of a relation or user type in full and with its id: what `create_sql` keeps.
ast::Query qualify_names(const ast::Query& query, BindContext& context);
ast::Expression qualify_names(const ast::Expression& expression, BindContext& context);
ast::TypeName qualify_names(const ast::TypeName& type, BindContext& context);

}  // namespace tailrace::engine
