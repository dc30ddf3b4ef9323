// The typed tree between syntax and plan: names resolved and types chosen, subqueries still in
// place.
//
// A column reference says how many levels out it looks. Level 0 is the input of the relation that
// holds the expression; level 1 is what stands around that relation: the row for which a subquery
// runs, or the left side of a lateral join. Going into a subquery or into the right side of a
// lateral join adds one level.
//
// Immutable and shared. `escapes` is the farthest level used, seen from outside the node: 0 means
// that it depends on its own input only (an expression) or on nothing (a relation).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/functions/aggregate.hpp"
#include "engine/functions/table_function.hpp"
#include "engine/plan/plan.hpp"
#include "repr/type.hpp"
#include "repr/value.hpp"

namespace tailrace::engine::bound {

struct Expression;
struct Relation;
using ExpressionPtr = std::shared_ptr<const Expression>;
using RelationPtr = std::shared_ptr<const Relation>;
using Expressions = std::vector<ExpressionPtr>;

// Expressions. Operands are in Expression::operands.

struct Column {
  int level = 0;
  int index = 0;
};
struct Literal {
  Value value;  // of type unknown: NULL, or the text of a string literal
};
struct Parameter {
  int number = 0;
};
struct MzNow {};
struct Call {
  const Function* function = nullptr;
};
struct Case {};  // condition, result, condition, result, ..., otherwise
struct And {};
struct Or {};
struct Coalesce {};
struct Row {};  // ROW(..): a record of the operands
struct Exists {
  RelationPtr relation;
};
struct ScalarSubquery {
  RelationPtr relation;  // of one column
};
struct Order {
  bool descending = false;
  bool nulls_first = false;
  friend bool operator==(const Order&, const Order&) = default;
};
// Operands: arguments, then order keys, then the filter if there is one.
struct Aggregate {
  const AggregateFunction* function = nullptr;
  bool distinct = false;
  std::size_t arguments = 0;
  std::vector<Order> order;
  bool filter = false;
};
// Operands: arguments, then partition keys, then order keys.
struct Window {
  const WindowFunction* function = nullptr;  // one of the two
  const AggregateFunction* aggregate = nullptr;
  std::string_view name;
  std::size_t arguments = 0;
  std::size_t partition = 0;
  std::vector<Order> order;
  plan::Window::Frame frame;
  bool ignore_nulls = false;
};

struct Expression {
  using Node = std::variant<Column, Literal, Parameter, MzNow, Call, Case, And, Or, Coalesce, Row,
                            Exists, ScalarSubquery, Aggregate, Window>;
  Type type;
  bool nullable = true;
  Node node;
  Expressions operands;
  std::uint32_t position = 0;
  int escapes = 0;
  bool has_aggregate = false;  // itself or an operand; subqueries do not count
  bool has_window = false;
  bool has_subquery = false;
};

ExpressionPtr make(Expression expression);  // fills what is derived
ExpressionPtr column(int level, int index, Type type, bool nullable, std::uint32_t position = 0);
ExpressionPtr literal(Value value, Type type, std::uint32_t position = 0);
ExpressionPtr null_of(Type type);
ExpressionPtr boolean(bool value);
ExpressionPtr call(const Function& function, Expressions arguments, Type type,
                   std::uint32_t position = 0);
ExpressionPtr conjunction(Expressions operands);  // flattens; none: true
ExpressionPtr disjunction(Expressions operands);  // none: false
ExpressionPtr coalesce(Expressions operands, Type type);
ExpressionPtr case_when(Expressions operands, Type type);
ExpressionPtr exists(RelationPtr relation);
ExpressionPtr with_operands(const Expression& expression, Expressions operands);

inline bool is_unknown(const ExpressionPtr& expression) {
  return expression->type.id() == TypeId::unknown;
}
bool is_literal(const ExpressionPtr& expression);
bool is_null_literal(const ExpressionPtr& expression);
// Structurally, positions aside. Subqueries are the same only if they are one object.
bool same(const ExpressionPtr& a, const ExpressionPtr& b);

// Relations. Inputs are in Relation::inputs.

struct Get {
  storage::CollectionId collection;
  std::string name;
};
struct GetLocal {
  LocalId id;
};
struct Constant {
  std::vector<std::vector<Value>> rows;
};
struct CallTable {  // no input: arguments look at levels from 1
  const TableFunction* function = nullptr;
  Expressions arguments;
  bool ordinality = false;
};
struct Project {
  std::vector<int> columns;
};
struct Map {  // appends; each sees the input's columns only
  Expressions expressions;
};
struct Filter {
  Expressions predicates;
};
enum class JoinKind : std::uint8_t { inner, left, right, full };
struct Join {
  JoinKind kind = JoinKind::inner;
  bool lateral = false;  // the right side sees the left's row as level 1
  Expressions on;
};
struct Reduce {
  Expressions keys;
  Expressions aggregates;
  bool global = false;  // no GROUP BY: one row always
  std::uint64_t expected_group_size = 0;
};
struct Distinct {};
struct TopK {
  std::vector<int> group_key;
  std::vector<OrderKey> order_by;
  ExpressionPtr limit;  // may be null; constant, or looks outside (levels from 1)
  std::uint64_t offset = 0;
  std::uint64_t expected_group_size = 0;
};
struct Negate {};
struct Threshold {};
struct Union {};
struct WindowPlan {
  std::vector<int> partition_by;
  std::vector<OrderKey> order_by;
  std::vector<plan::Window::Expression>
      expressions;  // arguments: over the input's columns, by `arguments`
  std::vector<std::vector<int>> arguments;
};
struct Let {  // inputs: value (which looks at nothing outside), body
  LocalId id;
};
struct LetRec {  // inputs: values (likewise), body
  std::vector<LocalId> ids;
  std::optional<std::uint64_t> limit;
  bool return_at_limit = false;
};

struct Relation {
  using Node = std::variant<Get, GetLocal, Constant, CallTable, Project, Map, Filter, Join, Reduce,
                            Distinct, TopK, Negate, Threshold, Union, WindowPlan, Let, LetRec>;
  std::vector<Type> types;
  std::vector<bool> nullable;
  Node node;
  std::vector<RelationPtr> inputs;
  int escapes = 0;

  int width() const { return static_cast<int>(types.size()); }
};

RelationPtr get(storage::CollectionId id, std::string name, const Schema& schema);
RelationPtr get_local(LocalId id, std::vector<Type> types, std::vector<bool> nullable);
RelationPtr constant(std::vector<std::vector<Value>> rows, std::vector<Type> types);
RelationPtr unit();  // one row without columns
RelationPtr call_table(CallTable node);
RelationPtr project(RelationPtr input, std::vector<int> columns);
RelationPtr map(RelationPtr input, Expressions expressions);
RelationPtr filter(RelationPtr input, Expressions predicates);
RelationPtr join(RelationPtr left, RelationPtr right, Join node);
RelationPtr cross(RelationPtr left, RelationPtr right);
RelationPtr reduce(RelationPtr input, Reduce node);
RelationPtr distinct(RelationPtr input);
RelationPtr top_k(RelationPtr input, TopK node);
RelationPtr negate(RelationPtr input);
RelationPtr threshold(RelationPtr input);
RelationPtr union_all(std::vector<RelationPtr> inputs);
RelationPtr window(RelationPtr input, WindowPlan node);
RelationPtr let(LocalId id, RelationPtr value, RelationPtr body);
RelationPtr let_rec(LetRec node, std::vector<RelationPtr> values, RelationPtr body);
// The same node over other inputs and expressions.
RelationPtr with_inputs(const Relation& relation, std::vector<RelationPtr> inputs);

// Walks an expression from the top, into subqueries too. `change(e, depth)` gives what stands for
// `e` (then its operands are not visited), or nullptr to go on into it. `depth` counts the levels
// that were entered since the start.
using Change = std::function<ExpressionPtr(const ExpressionPtr&, int depth)>;
ExpressionPtr rewrite(const ExpressionPtr& expression, int depth, const Change& change);
RelationPtr rewrite(const RelationPtr& relation, int depth, const Change& change);

// References that look out of the node have their level raised (lowered) by `levels`.
ExpressionPtr shift_levels(const ExpressionPtr& expression, int levels);
RelationPtr shift_levels(const RelationPtr& relation, int levels);
// Whether something in the node refers to this level, seen from outside the node.
bool uses_level(const ExpressionPtr& expression, int level);
bool uses_level(const RelationPtr& relation, int level);
// Column i of level 0 becomes `to[i]` (of level 0), in subqueries too.
ExpressionPtr replace_columns(const ExpressionPtr& expression, const Expressions& to);
ExpressionPtr renumber_columns(const ExpressionPtr& expression, int offset);
// Every column reference that leaves the node, as (level >= first_level, index), each once.
void collect_references(const ExpressionPtr& expression, int first_level, std::vector<Column>& out);
void collect_references(const RelationPtr& relation, int first_level, std::vector<Column>& out);

}  // namespace tailrace::engine::bound
