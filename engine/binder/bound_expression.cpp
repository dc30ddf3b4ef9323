#include <algorithm>

#include "engine/binder/bound.hpp"
#include "repr/order.hpp"

namespace tailrace::engine::bound {

ExpressionPtr make(Expression expression) {
  int escapes = 0;
  bool aggregate = std::holds_alternative<Aggregate>(expression.node);
  bool window = std::holds_alternative<Window>(expression.node);
  bool subquery = false;
  if (const auto* node = std::get_if<Column>(&expression.node)) escapes = node->level;
  const auto add_subquery = [&](const RelationPtr& relation) {
    escapes = std::max(0, relation->escapes - 1);
    subquery = true;
  };
  if (const auto* node = std::get_if<Exists>(&expression.node)) add_subquery(node->relation);
  if (const auto* node = std::get_if<ScalarSubquery>(&expression.node))
    add_subquery(node->relation);
  for (const ExpressionPtr& operand : expression.operands) {
    escapes = std::max(escapes, operand->escapes);
    aggregate = aggregate || operand->has_aggregate;
    window = window || operand->has_window;
    subquery = subquery || operand->has_subquery;
  }
  expression.escapes = escapes;
  expression.has_aggregate = aggregate;
  expression.has_window = window;
  expression.has_subquery = subquery;
  return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr column(int level, int index, Type type, bool nullable, std::uint32_t position) {
  return make({.type = std::move(type),
               .nullable = nullable,
               .node = Column{level, index},
               .position = position});
}

ExpressionPtr literal(Value value, Type type, std::uint32_t position) {
  const bool nullable = is_null(value);
  return make({.type = std::move(type),
               .nullable = nullable,
               .node = Literal{std::move(value)},
               .position = position});
}

ExpressionPtr null_of(Type type) {
  return literal(Null{}, std::move(type));
}
ExpressionPtr boolean(bool value) {
  return literal(value, TypeId::boolean);
}

namespace {

// Strict functions that give NULL for NULL only. Others may give NULL for any arguments (`jsonb ->
// text`).
bool null_only_for_null(const Function& function, const Expressions& arguments) {
  if (function.nulls != Nulls::strict) return false;
  for (const ExpressionPtr& argument : arguments) {
    const TypeId id = argument->type.id();
    const bool plain = argument->type.is_number() || argument->type.is_string() ||
                       id == TypeId::boolean || id == TypeId::date || id == TypeId::time ||
                       id == TypeId::timestamp || id == TypeId::timestamptz ||
                       id == TypeId::interval || id == TypeId::uuid || id == TypeId::oid ||
                       id == TypeId::mz_timestamp || id == TypeId::bytea;
    if (!plain) return false;
  }
  if (!function.is_operator) return function.name == "not";
  static constexpr std::string_view total[] = {
      "=", "<>", "<",  "<=",  ">",   ">=",   "+",  "-",  "*", "/",  "%",  "||", "&",
      "|", "#",  "~~", "!~~", "~~*", "!~~*", "<<", ">>", "~", "~*", "!~", "!~*"};
  return std::find(std::begin(total), std::end(total), function.name) != std::end(total);
}

}  // namespace

ExpressionPtr call(const Function& function, Expressions arguments, Type type,
                   std::uint32_t position) {
  bool nullable = !function.never_null;
  if (nullable && null_only_for_null(function, arguments)) {
    nullable =
        std::any_of(arguments.begin(), arguments.end(), [](const auto& a) { return a->nullable; });
  }
  return make({.type = std::move(type),
               .nullable = nullable,
               .node = Call{&function},
               .operands = std::move(arguments),
               .position = position});
}

namespace {

template <class Node>
ExpressionPtr connect(Expressions operands, bool neutral) {
  Expressions flat;
  for (ExpressionPtr& operand : operands) {
    if (std::holds_alternative<Node>(operand->node)) {
      flat.insert(flat.end(), operand->operands.begin(), operand->operands.end());
    } else {
      flat.push_back(std::move(operand));
    }
  }
  if (flat.empty()) return boolean(neutral);
  if (flat.size() == 1) return flat.front();
  const bool nullable =
      std::any_of(flat.begin(), flat.end(), [](const auto& o) { return o->nullable; });
  return make(
      {.type = TypeId::boolean, .nullable = nullable, .node = Node{}, .operands = std::move(flat)});
}

}  // namespace

ExpressionPtr conjunction(Expressions operands) {
  return connect<And>(std::move(operands), true);
}
ExpressionPtr disjunction(Expressions operands) {
  return connect<Or>(std::move(operands), false);
}

ExpressionPtr coalesce(Expressions operands, Type type) {
  const bool nullable =
      std::all_of(operands.begin(), operands.end(), [](const auto& o) { return o->nullable; });
  return make({.type = std::move(type),
               .nullable = nullable,
               .node = Coalesce{},
               .operands = std::move(operands)});
}

ExpressionPtr case_when(Expressions operands, Type type) {
  bool nullable = operands.back()->nullable;
  for (std::size_t i = 1; i < operands.size(); i += 2) nullable = nullable || operands[i]->nullable;
  return make({.type = std::move(type),
               .nullable = nullable,
               .node = Case{},
               .operands = std::move(operands)});
}

ExpressionPtr exists(RelationPtr relation) {
  return make({.type = TypeId::boolean, .nullable = false, .node = Exists{std::move(relation)}});
}

ExpressionPtr with_operands(const Expression& expression, Expressions operands) {
  Expression changed{.type = expression.type,
                     .nullable = expression.nullable,
                     .node = expression.node,
                     .operands = std::move(operands),
                     .position = expression.position};
  return make(std::move(changed));
}

bool is_literal(const ExpressionPtr& expression) {
  return std::holds_alternative<Literal>(expression->node);
}

bool is_null_literal(const ExpressionPtr& expression) {
  const auto* node = std::get_if<Literal>(&expression->node);
  return node != nullptr && is_null(node->value);
}

namespace {

struct SameNode {
  const Expression& a;
  const Expression& b;

  bool operator()(const Column& x) const {
    const auto& y = std::get<Column>(b.node);
    return x.level == y.level && x.index == y.index;
  }
  bool operator()(const Literal& x) const {
    const auto& y = std::get<Literal>(b.node);
    if (a.type.id() == TypeId::unknown) return x.value == y.value;
    if (is_null(x.value) || is_null(y.value)) return is_null(x.value) == is_null(y.value);
    return compare_values(a.type, x.value, y.value, Equality::identity) == 0;
  }
  bool operator()(const Parameter& x) const {
    return x.number == std::get<Parameter>(b.node).number;
  }
  bool operator()(const Call& x) const { return x.function == std::get<Call>(b.node).function; }
  bool operator()(const Exists& x) const { return x.relation == std::get<Exists>(b.node).relation; }
  bool operator()(const ScalarSubquery& x) const {
    return x.relation == std::get<ScalarSubquery>(b.node).relation;
  }
  bool operator()(const Aggregate& x) const {
    const auto& y = std::get<Aggregate>(b.node);
    return x.function == y.function && x.distinct == y.distinct && x.arguments == y.arguments &&
           x.order == y.order && x.filter == y.filter;
  }
  bool operator()(const Window&) const { return false; }
  template <class Node>
  bool operator()(const Node&) const {
    return true;
  }
};

}  // namespace

bool same(const ExpressionPtr& a, const ExpressionPtr& b) {
  if (a == b) return true;
  if (a->node.index() != b->node.index() || !(a->type == b->type) ||
      a->operands.size() != b->operands.size()) {
    return false;
  }
  if (!std::visit(SameNode{*a, *b}, a->node)) return false;
  for (std::size_t i = 0; i < a->operands.size(); ++i) {
    if (!same(a->operands[i], b->operands[i])) return false;
  }
  return true;
}

}  // namespace tailrace::engine::bound
