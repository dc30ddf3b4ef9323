// Queries: WITH, set operations, SELECT and what stands in FROM.
//
// Chains of set operations nest to the left, as long as the statement: walk SetOperation::left in a
// loop. Joins are a flat list. INTERSECT binding tighter is already in the shape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/box.hpp"
#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/type_name.hpp"

namespace tailrace::ast {

struct Query;
struct QueryBody;
struct Join;
struct Statement;

struct TableAlias {
  Ident name;
  std::vector<Ident> columns;  // empty: as they are
};

// FROM

struct NamedTable {
  ObjectName name;
  std::optional<TableAlias> alias;
};

struct DerivedTable {
  bool lateral = false;
  Box<Query> query;
  std::optional<TableAlias> alias;
};

struct TableFunction {
  bool lateral = false;
  FunctionCall call;
  bool with_ordinality = false;
  std::optional<TableAlias> alias;
  std::uint32_t position = 0;
};

struct RowsFrom {
  bool lateral = false;
  std::vector<FunctionCall> calls;
  bool with_ordinality = false;
  std::optional<TableAlias> alias;
};

struct TableFactor;

struct ParenthesizedJoin {  // (a JOIN b ..) AS alias
  Box<TableFactor> first;
  std::vector<Join> joins;
  std::optional<TableAlias> alias;
};

struct TableFactor {
  std::variant<NamedTable, DerivedTable, TableFunction, RowsFrom, ParenthesizedJoin> node;
  std::uint32_t position = 0;
};

enum class JoinKind { inner, left, right, full, cross };

struct JoinOn {
  Box<Expression> condition;
};

struct JoinUsing {
  std::vector<Ident> columns;
  std::optional<Ident> alias;
};

struct JoinNatural {};

struct Join {
  JoinKind kind = JoinKind::inner;
  TableFactor right;
  std::variant<std::monostate, JoinOn, JoinUsing, JoinNatural> condition;  // monostate: cross
};

struct FromItem {  // first JOIN .. JOIN ..
  TableFactor first;
  std::vector<Join> joins;
};

// SELECT

struct SelectItem {
  Expression expression;  // Wildcard, FieldWildcard or an ordinary one
  std::optional<Ident> alias;
};

struct QueryHint {
  enum class Kind {
    aggregate_input_group_size,
    distinct_on_input_group_size,
    limit_input_group_size,
    expected_group_size
  };
  Kind kind = Kind::aggregate_input_group_size;
  Expression value;  // a literal; the planner checks it
  std::uint32_t position = 0;
};

struct Select {
  bool distinct = false;
  std::vector<Expression> distinct_on;  // not empty: DISTINCT ON (..)
  std::vector<SelectItem> items;
  std::vector<FromItem> from;
  std::optional<Box<Expression>> where;
  std::vector<Expression> group_by;
  std::optional<Box<Expression>> having;
  std::optional<Box<Expression>> qualify;
  std::vector<QueryHint> options;
};

struct Values {
  std::vector<std::vector<Expression>> rows;
};

struct TableCommand {  // TABLE t
  ObjectName name;
};

enum class SetOperator { union_, except, intersect };

struct SetOperation {
  SetOperator kind = SetOperator::union_;
  bool all = false;
  Box<QueryBody> left;
  Box<QueryBody> right;
};

struct ShowBody {  // a SHOW statement as a query
  Box<Statement> show;
};

struct QueryBody {
  std::variant<Select, Values, TableCommand, SetOperation, ShowBody, Box<Query>> node;
  std::uint32_t position = 0;
};

// WITH

struct CommonTable {  // name (columns) AS (query)
  Ident name;
  std::vector<Ident> columns;
  Box<Query> query;
};

struct TypedColumn {
  Ident name;
  TypeName type;
};

struct RecursiveTable {  // name (column type, ..) AS (query)
  Ident name;
  std::vector<TypedColumn> columns;
  Box<Query> query;
};

struct RecursionLimit {
  enum class Action { error, return_ };
  Action action = Action::error;
  std::uint64_t limit = 0;
  std::uint32_t position = 0;
};

struct MutuallyRecursive {
  std::vector<RecursionLimit> limits;  // more than one is the planner's error
  std::vector<RecursiveTable> tables;
};

using With = std::variant<std::vector<CommonTable>, MutuallyRecursive>;

struct Query {
  std::optional<With> with;
  QueryBody body;
  std::vector<OrderItem> order_by;
  std::optional<Box<Expression>> limit;  // absent also for LIMIT ALL
  std::optional<Box<Expression>> offset;
  std::uint32_t position = 0;
};

struct AsOf {  // AS OF [AT LEAST] time
  bool at_least = false;
  Expression time;
};

}  // namespace tailrace::ast
