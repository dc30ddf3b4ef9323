// What the files of the binder share: the state of one bind, and a function per kind of syntax
// node.
//
// Everything is a free function over `Binding` (the whole statement) and `Place` (where an
// expression stands).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/binder/binder.hpp"
#include "engine/binder/bound.hpp"
#include "engine/binder/scope.hpp"

namespace tailrace::engine {

// WITH: one name, what it stands for, and how deep it was bound.
struct CommonTableBinding {
  std::string name;
  bound::RelationPtr relation;  // a GetLocal, or the query itself if it looks outside
  std::vector<std::string> columns;
  int depth = 0;
};

// What becomes of output columns whose type is still unknown (string literals, NULL, parameters).
struct Outputs {
  bool keep_unknown = false;                  // else: text
  const std::vector<Type>* wanted = nullptr;  // by position; takes precedence where it has a type
};

struct Binding {
  BindContext& context;
  Outputs outputs;  // of the next query body; who reads it resets it
  std::uint32_t next_local = 0;
  std::vector<CommonTableBinding> common_tables;  // innermost last
  int view_depth = 0;                             // in how many views' queries we are

  LocalId new_local() { return LocalId{next_local++}; }
};

// The clause an expression stands in, for what it may contain and what errors call it.
enum class Clause : std::uint8_t {
  select_list,
  where,
  join_on,
  group_by,
  having,
  qualify,
  order_by,
  distinct_on,
  limit,
  offset,
  values,
  returning,
  filter,          // FILTER (WHERE ..)
  aggregate,       // the arguments of an aggregate
  window,          // the arguments, partition and order of a window function
  table_function,  // the arguments of a function in FROM
  expression,      // none: DEFAULT, SET, an index key
};
std::string_view words_for(Clause clause);

// Table functions met in a select list, to be put at the end of FROM.
struct ProjectedFunctions;

struct Place {
  Clause clause = Clause::expression;
  const Scope* scope = nullptr;             // never null
  ProjectedFunctions* projected = nullptr;  // null: table functions are not allowed
  std::string_view no_table_functions_in =
      {};  // "CASE", "COALESCE", ...: why `projected` was taken away
  bool subqueries = true;

  Place in(Clause other) const {
    Place place = *this;
    place.clause = other;
    return place;
  }
  Place inside(std::string_view construct) const {
    Place place = *this;
    place.projected = nullptr;
    place.no_table_functions_in = construct;
    return place;
  }
};

// Expressions

// May be of type unknown (a string literal, NULL, a parameter): see coerce.hpp.
bound::ExpressionPtr bind_expression(Binding& binding, const ast::Expression& expression,
                                     const Place& place);
// To boolean, for WHERE and the like.
bound::ExpressionPtr bind_predicate(Binding& binding, const ast::Expression& expression,
                                    const Place& place, std::string_view what);
bound::ExpressionPtr bind_function_call(Binding& binding, const ast::FunctionCall& call,
                                        const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_operator(Binding& binding, const ast::OperatorName& name,
                                   bound::Expressions operands, std::uint32_t position);
bound::ExpressionPtr bind_comparison(Binding& binding, std::string_view symbol,
                                     bound::ExpressionPtr left, bound::ExpressionPtr right,
                                     std::uint32_t position);
bound::ExpressionPtr bind_subscript(Binding& binding, const ast::Subscript& node,
                                    const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_case(Binding& binding, const ast::Case& node, const Place& place,
                               std::uint32_t position);
bound::ExpressionPtr bind_choice(Binding& binding, const ast::Choice& node, const Place& place,
                                 std::uint32_t position);
bound::ExpressionPtr bind_collection(Binding& binding, const ast::Collection& node,
                                     const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_map_constructor(Binding& binding, const ast::MapConstructor& node,
                                          const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_row(Binding& binding, const ast::Row& node, const Place& place,
                              std::uint32_t position);
bound::ExpressionPtr field_of(bound::ExpressionPtr record, const ast::Ident& field);
bound::ExpressionPtr field_of(const bound::ExpressionPtr& record, std::size_t index);
// Arguments, with `t.*` expanded.
bound::Expressions bind_list(Binding& binding, const std::vector<ast::Expression>& list,
                             const Place& place);

// Subqueries
bound::ExpressionPtr bind_subquery(Binding& binding, const ast::Exists& node, const Place& place);
bound::ExpressionPtr bind_subquery(Binding& binding, const ast::ScalarSubquery& node,
                                   const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_subquery(Binding& binding, const ast::InSubquery& node,
                                   const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_subquery(Binding& binding, const ast::Quantified& node,
                                   const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_subquery(Binding& binding, const ast::CollectionSubquery& node,
                                   const Place& place, std::uint32_t position);

// Functions of the registry that SQL has no name for; throws unsupported if it is not there.
bound::ExpressionPtr call_internal(std::string_view name, bound::Expressions arguments,
                                   std::uint32_t position = 0);
inline bound::ExpressionPtr negation(bound::ExpressionPtr operand) {
  return call_internal("not", {operand});
}
inline bound::ExpressionPtr is_null_test(bound::ExpressionPtr operand) {
  return call_internal("isnull", {operand});
}

// Aggregates and windows
bound::ExpressionPtr bind_aggregate(Binding& binding, const ast::FunctionCall& call,
                                    const Place& place, std::uint32_t position);
bound::ExpressionPtr bind_window_call(Binding& binding, const ast::FunctionCall& call,
                                      const Place& place, std::uint32_t position);
bound::ExpressionPtr make_aggregate(std::string_view name, bound::Expressions arguments);
// Puts the window calls of the expressions under them: gives the relation with a column per call,
// and the expressions over it.
bound::RelationPtr plan_windows(bound::RelationPtr input, bound::Expressions& expressions);

// Relations

struct BoundQueryTree {
  bound::RelationPtr relation;
  std::vector<std::string> names;  // of the visible columns
  std::vector<int> visible;        // where they are
  std::vector<OrderKey> order_by;  // over the relation's columns
  bound::ExpressionPtr limit;      // bigint; null: none
  bound::ExpressionPtr offset;
  std::uint64_t expected_group_size = 0;  // OPTIONS (LIMIT INPUT GROUP SIZE)
};
// A query as it stands: ORDER BY and LIMIT beside the relation.
BoundQueryTree bind_query_tree(Binding& binding, const ast::Query& query, const Scope* outer);
// The same with LIMIT in the relation, and exactly the visible columns. `keep_order`: hidden
// columns and order_by stay for who can use the order (ARRAY(..), LIST(..)).
BoundQueryTree bind_subselect(Binding& binding, const ast::Query& query, const Scope* outer,
                              bool keep_order = false);

struct FromResult {
  bound::RelationPtr relation;
  Scope scope;  // `outer` is what was given
};
FromResult bind_from(Binding& binding, const std::vector<ast::FromItem>& from, const Scope* outer);
FromResult bind_named_table(Binding& binding, const ast::ObjectName& name,
                            const std::optional<ast::TableAlias>& alias, const Scope* outer,
                            std::uint32_t position);
FromResult bind_table_function(Binding& binding, const ast::TableFunction& node, const Scope* outer,
                               std::uint32_t position);
FromResult bind_rows_from(Binding& binding, const ast::RowsFrom& node, const Scope* outer,
                          std::uint32_t position);
// Both sides of a join, with ON, USING or NATURAL. `lateral`: the right relation sees the left's
// row as level 1.
FromResult bind_join(Binding& binding, FromResult left, FromResult right, const ast::Join& join,
                     bool lateral);
// Renames the table and a prefix of its columns.
void apply_alias(FromResult& result, const std::optional<ast::TableAlias>& alias,
                 std::uint32_t position);
// A relation of the catalog: stored, or its view's query inlined. Columns as in the item's schema.
bound::RelationPtr bind_item_relation(Binding& binding, const catalog::Item& item);
// Relations of one row set each with a last column `ordinality`, side by side, padded with NULLs.
bound::RelationPtr zip(Binding& binding, std::vector<bound::RelationPtr> relations);

BoundQueryTree bind_select(Binding& binding, const ast::Select& select,
                           const std::vector<ast::OrderItem>& order_by, const Scope* outer);
BoundQueryTree bind_set_operation(Binding& binding, const ast::SetOperation& node,
                                  const Scope* outer);
// Rows of literals as one constant, others as a union of one-row maps. Cells look at the level
// around the relation.
bound::RelationPtr rows_relation(const std::vector<bound::Expressions>& rows,
                                 const std::vector<Type>& types);
BoundQueryTree bind_values(Binding& binding, const ast::Values& values, const Scope* outer);
// A body alone, without ORDER BY.
BoundQueryTree bind_query_body(Binding& binding, const ast::QueryBody& body, const Scope* outer);
// ORDER BY over the output columns only (set operations, VALUES).
void order_outputs(Binding& binding, BoundQueryTree& tree,
                   const std::vector<ast::OrderItem>& order_by, const Scope* outer);
bool nulls_first(const ast::OrderItem& item);
// The visible columns cast to these types; hidden ones and the order stay.
void cast_outputs(Binding& binding, BoundQueryTree& tree, const std::vector<Type>& types,
                  CastContext context, std::string_view what);
// The position of each expression in the relation, which is extended where it must be.
std::vector<int> map_expressions(bound::RelationPtr& relation,
                                 const bound::Expressions& expressions);
// An ordinal of ORDER BY, GROUP BY or DISTINCT ON: an integer literal. -1: it is none.
int ordinal_of(const ast::Expression& expression, std::size_t columns, std::string_view clause);

// WITH: brings the names into scope; `wrap` puts the shared queries around what was bound with
// them.
struct WithScope {
  std::size_t outer_tables = 0;
  std::vector<std::pair<LocalId, bound::RelationPtr>> lets;
  std::optional<bound::LetRec> recursion;
  std::vector<bound::RelationPtr> recursive_values;
};
WithScope bind_with(Binding& binding, const std::optional<ast::With>& with, const Scope* outer);
bound::RelationPtr end_with(Binding& binding, WithScope scope, bound::RelationPtr body);

// The rows of a table function in a scope where `projected` calls stand at the end.
struct ProjectedFunctions {
  struct Call {
    const TableFunction* function;
    bound::Expressions arguments;  // over the FROM scope
    std::uint32_t position;
    std::string name;
  };
  int width = 0;  // of FROM: the first call's columns follow
  std::vector<Call> calls;
  std::vector<std::vector<ScopeColumn>> columns;  // per call, with indices into the joined relation
  int next = 0;
};
bound::RelationPtr join_projected(Binding& binding, bound::RelationPtr relation,
                                  const ProjectedFunctions& projected);

struct ChosenTableFunction {
  const TableFunction* function = nullptr;
  bound::Expressions arguments;
};
// nullopt: there is no table function of the name.
std::optional<ChosenTableFunction> choose_table_function(Binding& binding,
                                                         const ast::FunctionCall& call,
                                                         const Place& place,
                                                         std::uint32_t position);

}  // namespace tailrace::engine
